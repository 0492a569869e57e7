/** @file The output of `npm test`: scripts/test.mjs on small test files that fail in every way. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { packageRoot } from '../package.js';

const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'wnlstm-reporter-')));
after(() => rmSync(scratch, { recursive: true }));

function write(name: string, text: string): void {
  writeFileSync(join(scratch, name), text);
}

const header = "import assert from 'node:assert/strict'; import { test } from 'node:test';";
write('passes.test.mjs', `${header}\ntest('adds', () => {});\ntest('multiplies', () => {});`);
write(
  'compares.test.mjs',
  `${header}\ntest('is long', () => assert.equal('a\\n'.repeat(90), 'b\\n'.repeat(90)));`,
);
write('throws.test.mjs', `${header} test('is compiled', () => { throw new TypeError('of its own'); });`);
write(
  'throws.test.mjs.map', // I is 4: everything comes from the fifth line
  '{ "version": 3, "sources": ["source/throws.test.ts"], "names": [], "mappings": "AAIA" }',
);
write(
  'skips.test.mjs',
  `${header}\nfor (const name of ['one', 'two', 'three', 'four']) test(name, { skip: 'no GPU here' }, () => {});
test('five', { skip: 'no compiler' }, () => {});`,
);
write('crashes.test.mjs', "throw new Error('not even imported');");
write(
  'dies.test.mjs',
  `${header}\ntest('kills', () => { process.stderr.write('last words\\n'); process.kill(process.pid, 'SIGKILL'); });`,
);
write('empty.test.mjs', 'export {};');

function runTests(...args: string[]): { code: number | null; out: string; err: string } {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env; // else Node refuses, as this is a test itself
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(packageRoot, 'scripts/test.mjs'), ...args],
    {
      cwd: scratch,
      env: { ...env, WNLSTM_TESTS: scratch },
      encoding: 'utf8',
    },
  );
  return { code: status, out: stdout, err: stderr };
}

const failing = runTests();

test('if all tests pass, the output is one line and the exit code is 0', () => {
  const { code, out, err } = runTests('passes');
  assert.match(out, /^2 tests: 2 passed, 0 failed, 0 skipped, in \d+ s\n$/);
  assert.deepEqual([code, err], [0, '']);
});

test('a failure is printed with its source position, title and message', () => {
  assert.equal(failing.code, 1);
  assert.match(
    failing.out,
    /^FAILED source\/throws\.test\.ts:5 {2}is compiled\n {4}TypeError: of its own\n/m,
  );
  assert.match(failing.out, /^FAILED compares\.test\.mjs:2 {2}is long\n {4}Expected values to be/m);
  assert.doesNotMatch(failing.out, /\badds\b/);
});

test('a long message is cut to 20 lines, and --full prints all of it', () => {
  const message = /FAILED compares.*\n((?: {4}.*\n)*)/.exec(failing.out)?.[1] ?? '';
  assert.equal(message.trimEnd().split('\n').length, 21);
  assert.match(message, /… \d+ more lines; to see all: npm test -- --full compares\.test\n$/);
  const full = runTests('--full', 'compares.test').out;
  assert.doesNotMatch(full, /to see all/);
  assert.ok(full.split('\n').length > 25);
});

test('a file that cannot be imported, is killed or has no tests fails, and its output is printed', () => {
  assert.match(failing.out, /FAILED crashes\.test\.mjs:1 .*\n {4}The file ended with exit code 1\.\n/);
  assert.match(failing.out, / {4}Error: not even imported\n/);
  const died = /FAILED dies\.test\.mjs:1 .*\n {4}The file was ended by SIGKILL\.\n {4}last words\n/;
  if (process.platform !== 'win32') assert.match(failing.out, died);
  assert.match(failing.out, /FAILED empty\.test\.mjs:1 .*\n {4}It has no tests\.\n/);
});

test('skipped tests are listed, one line per reason', () => {
  assert.match(failing.out, /^SKIPPED 4 tests: no GPU here: one; two; three; four$/m);
  assert.match(failing.out, /^SKIPPED 1 test: no compiler: five$/m);
});

test('the last line has the counts, and without a terminal there are no escape codes', () => {
  assert.match(failing.out, /\n9 tests: 2 passed, 5 failed, 5 skipped, in \d+ s\n$/);
  assert.ok(!`${failing.out}${failing.err}`.includes('\x1b'));
});

test('a run without tests is a failure', () => {
  const { code, out } = runTests('no such file');
  assert.equal(code, 1);
  assert.match(out, /No test ran: no file matches no such file\./);
});
