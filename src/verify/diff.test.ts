/** @file What `wnlstm diff` finds between two runs. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { readRun } from '../runs/reading.js';
import { copy, edit, intact, trainTiny } from '../train/tiny-run.testing.js';
import { diffRuns } from './diff.js';

test('a run does not differ from its copy', () => {
  const diff = diffRuns(readRun(intact)!, readRun(copy())!);
  assert.deepEqual([diff.config, diff.data, diff.environment], [[], [], []]);
  assert.deepEqual(
    diff.rows.map(({ a, b, first }) => [a, b, first]),
    [
      [5, 5, null],
      [3, 3, null],
    ],
  );
  for (const [name, a, b] of diff.results) assert.equal(a, b, name);
});

test('config keys, the first differing cell of each CSV, and the results of two runs are listed', async () => {
  const other = await trainTiny({ lr: 0.05 });
  const { config, rows, results } = diffRuns(readRun(intact)!, readRun(other)!);
  assert.deepEqual(config, [['lr', '0.1', '0.05']]);
  assert.deepEqual(
    rows.map(({ first }) => [first?.step, first?.name]),
    [
      ['3', 'loss'],
      ['5', 'loss'],
    ],
  );
  assert.ok(results.some(([name, a, b]) => name === 'weights_sha256' && a !== b));
});

test('runs of different lengths, data and environments differ in these', async () => {
  const longer = await trainTiny({ epochs: 4 });
  edit(join(longer, 'run.json'), (text) =>
    text.replace(/("train-images[^"]*": ")./, '$1x').replace(/("threads": )\d+/, '$17'),
  );
  const { data, environment, rows } = diffRuns(readRun(intact)!, readRun(longer)!);
  assert.equal(data.length, 1);
  assert.deepEqual(environment, [['threads', '1', '7']]);
  assert.deepEqual(
    rows.map(({ first }) => [first?.step, first?.recorded, first?.repeated]),
    [
      ['18', null, '18'],
      ['20', null, '20'],
    ],
  );
});

test('an unfinished run has no results, and is compared as far as it is', async () => {
  const stopped = await trainTiny({ seed: 3 }, ({ kind }) => kind === 'epoch');
  const { results } = diffRuns(readRun(stopped)!, readRun(stopped)!);
  assert.deepEqual(results, []);
});
