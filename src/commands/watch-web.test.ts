/** @file `wnlstm watch --web` as a process: its output, its end, and wrong usage. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { assertRefused, bin, environment, freshFolder, wnlstm } from '../end-to-end/cli.testing.js';
import { writeRun } from '../web/runs.testing.js';

const onWindows = process.platform === 'win32'; // it has no signals

/** Starts the server. Returns its output, and what ends it. */
function start(...args: string[]) {
  const env = { ...environment, PATH: '/nowhere' };
  const child = spawn(process.execPath, [bin, 'watch', '--web', '--port', '0', ...args], { env });
  const output = { out: '', err: '' };
  child.stdout.on('data', (text: Buffer) => {
    output.out += text;
  });
  child.stderr.on('data', (text: Buffer) => {
    output.err += text;
  });
  const code = new Promise<number | null>((resolve) => child.on('exit', resolve));
  return { child, output, code };
}

async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += 20) {
    assert.ok(waited < 20_000, 'waited too long');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('it prints only the address on standard output, serves the page, and ends with 0 on Ctrl-C', {
  skip: onWindows,
}, async () => {
  const runs = freshFolder();
  writeRun(runs, { id: 'a', rows: 3 });
  const { child, output, code } = start('--runs', runs, '--open');
  await until(() => output.out.endsWith('\n') && output.err.includes('Could not open a browser'));
  assert.match(output.out, /^http:\/\/127\.0\.0\.1:\d+\/[\w-]{43}\/\n$/);
  assert.match(output.err, /Stop with Ctrl-C/);
  const response = await fetch(output.out.trim());
  assert.match(await response.text(), /<title>wnlstm<\/title>/);
  const events = await fetch(`${output.out.trim()}events`);
  child.kill('SIGINT');
  assert.equal(await code, 0);
  await events.body?.cancel().catch(() => {});
});

test('a port that is in use, or that is none, is refused', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as { port: number };
  const runs = freshFolder();
  assertRefused(
    wnlstm('watch', '--web', '--runs', runs, '--port', String(port)),
    /Port \d+ of 127\.0\.0\.1 is in use\./,
  );
  other.close();
  for (const wrong of ['70000', '-1', 'x', '']) {
    assertRefused(wnlstm('watch', '--web', `--port=${wrong}`), /from 0 to 65535/);
  }
});

test('an option that has no effect is refused, and an empty host does not open the page to all', () => {
  const runs = freshFolder();
  assertRefused(
    wnlstm('watch', '--web', '--runs', runs, '--port', '0', '--host', ''),
    /--host .*must not be empty/,
  );
  assertRefused(
    wnlstm('watch', '--web', '--runs', runs, '--column', 'loss'),
    /--column has no effect with --web/,
  );
  assertRefused(wnlstm('watch', '--runs', runs, '--open'), /--open has no effect without --web/);
});

test('a run that does not exist is refused', () => {
  assertRefused(
    wnlstm('watch', '--web', 'nothing', '--runs', freshFolder()),
    /one run with the name nothing/,
  );
});
