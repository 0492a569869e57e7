/** @file A reader that closes the pipe changes neither the results nor the exit code. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { writeTinyDataset } from '../data/idx.testing.js';
import { packageRoot } from '../package.js';

const scratch = mkdtempSync(join(tmpdir(), 'wnlstm-output-'));
after(() => rmSync(scratch, { recursive: true }));
const data = writeTinyDataset(join(scratch, 'data'), { size: 8, train: 240, test: 60, classes: 4 });
const runs = join(scratch, 'runs');
const skip = process.platform === 'win32' ? 'needs a POSIX shell' : false;

/** Runs the program in a pipeline; returns its exit code and the output of the last command. */
function pipe(words: string, into: string): { code: number; out: string } {
  const [redirection, reader] = into.split('|');
  const program = `"${process.execPath}" "${join(packageRoot, 'bin/wnlstm.js')}" ${words} ${redirection}`;
  const { output } = spawnSync('sh', ['-c', `{ ${program}; echo $? >&3; } | ${reader}`], {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '' },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  return { code: Number(output[3]), out: String(output[1]) };
}

test('without a reader, training continues and its result determines the exit code', { skip }, () => {
  const flags = `--runs "${runs}" --data "${data}" --units 11 --batch 16 --backend wasm --epochs 2`;
  assert.equal(pipe(`train ${flags}`, '2>&1 | true').code, 0);
  const [id] = readdirSync(runs);
  const run = join(runs, id!);
  assert.equal(readFileSync(join(run, 'metrics.csv'), 'utf8').split('\n').length, 4);
  assert.equal(pipe(`train ${flags} --lr 1e39 --json`, '2>&1 | true').code, 4);
  assert.equal(pipe('train --units none', '2>&1 | true').code, 2);

  const head = pipe(`show "${run}" --json`, '2>&1 | head -c 10');
  assert.deepEqual([head.code, head.out.length], [0, 10]);

  const summary = join(run, 'summary.json');
  writeFileSync(summary, readFileSync(summary, 'utf8').replace('"seed": 0', '"seed": 1'));
  assert.equal(pipe(`verify "${run}"`, '| true').code, 3);
});

const noFullDevice = existsSync('/dev/full') ? skip : 'needs /dev/full';

test('a report that cannot be written is a failure; training is not, as its result is on disk', {
  skip: noFullDevice,
}, () => {
  const flags = `--runs "${runs}" --data "${data}" --units 11 --batch 16 --backend wasm --epochs 2`;
  for (const [words, expected] of [
    [`train ${flags} --json`, 0],
    [`ls --runs "${runs}"`, 1],
  ] as const) {
    const { code, out } = pipe(words, '2>&1 >/dev/full | cat');
    assert.equal(code, expected, words);
    assert.match(out, /Could not write to standard output: the disk is full\./);
  }
});
