/** @file A run that was extended has the bytes of the longer run trained at once. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { Config } from '../config.js';
import { timeColumns } from '../runs/metrics.js';
import { readRun } from '../runs/reading.js';
import { extendRun, type Length } from './extend.js';
import { trainRun } from './run.js';
import { trainTiny } from './tiny-run.testing.js';

/** The CSVs without time columns, and the hash of the weights. */
function resultsOf(directory: string): unknown[] {
  const csv = (file: string): string[][] => {
    const [header = [], ...rows] = readFileSync(join(directory, file), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => line.split(','));
    return rows.map((cells) => cells.filter((_, index) => !timeColumns.includes(header[index] ?? '')));
  };
  const { summary } = readRun(directory)!;
  return [
    csv('steps.csv'),
    csv('metrics.csv'),
    summary?.weights_sha256,
    summary?.best_epoch,
    summary?.best_test_loss,
  ];
}

/** Extends a run and trains the longer one to its end; returns its folder and where it started. */
async function extend(
  directory: string,
  length: Length,
): Promise<{ directory: string; from: number | null }> {
  const extension = await extendRun(readRun(directory)!, () => length);
  const { config, choice, from } = extension;
  const target = { directory: extension.directory, choice };
  const signal = new AbortController().signal;
  const input = { config, target, runsDirectory: dirname(directory), force: false, argv: [], signal };
  const outcome = await trainRun(input, () => {});
  assert.equal(outcome.kind, 'completed');
  return { directory: extension.directory, from };
}

// An epoch has 5 steps.
for (const [shorter, longer, expectedStart] of [
  [{ epochs: 3, logEvery: 5 }, { epochs: 5, steps: null }, 15],
  [{ epochs: 3, logEvery: 4 }, { epochs: 5, steps: null }, 15],
  [{ epochs: 1, logEvery: 3 }, { epochs: 2, steps: null }, 5],
  [{ epochs: 2, logEvery: 7 }, { epochs: 5, steps: 23 }, 10],
  [{ steps: 12, logEvery: 5 }, { epochs: 5, steps: 20 }, 10],
  [{ steps: 3, logEvery: 2 }, { epochs: 5, steps: 20 }, 0],
] as const satisfies readonly [Partial<Config>, Length, number][]) {
  const title = `${JSON.stringify(shorter)} extended to ${JSON.stringify(longer)}`;
  test(`${title} has the bytes of the longer run trained at once, from step ${expectedStart} on`, async () => {
    const { directory, from } = await extend(await trainTiny(shorter), longer);
    const atOnce = await trainTiny({ ...shorter, ...longer });
    assert.equal(from, expectedStart);
    assert.deepEqual(resultsOf(directory), resultsOf(atOnce));
  });
}

test('a run is extended again and again', async () => {
  const first = await extend(await trainTiny({ epochs: 1 }), { epochs: 2, steps: null });
  const second = await extend(first.directory, { epochs: 4, steps: null });
  assert.deepEqual(resultsOf(second.directory), resultsOf(await trainTiny({ epochs: 4 })));
});

test('extending again to the same length finds the longer run', async () => {
  const run = await trainTiny({ epochs: 1 });
  const { directory } = await extend(run, { epochs: 2, steps: null });
  const again = await extend(run, { epochs: 2, steps: null });
  assert.deepEqual(again, { directory, from: null });
});

test('the extended run itself does not change', async () => {
  const run = await trainTiny({ epochs: 2 });
  const before = resultsOf(run);
  await extend(run, { epochs: 3, steps: null });
  assert.deepEqual(resultsOf(run), before);
});

test('a length that does not grow, and a run without a completed end, are refused', async () => {
  const run = readRun(await trainTiny({ epochs: 2 }))!;
  for (const length of [
    { epochs: 2, steps: null },
    { epochs: 1, steps: null },
    { epochs: 9, steps: 10 },
  ])
    await assert.rejects(
      extendRun(run, () => length),
      { code: 'E_CONFIG', message: /more than the 10 steps/ },
    );
  const stopped = readRun(await trainTiny({ epochs: 2, seed: 4 }, ({ kind }) => kind === 'epoch'))!;
  await assert.rejects(
    extendRun(stopped, () => ({ epochs: 5, steps: null })),
    {
      code: 'E_RUN',
      message: /is interrupted/,
    },
  );
  const diverged = readRun(await trainTiny({ lr: 1e38 }))!;
  await assert.rejects(
    extendRun(diverged, () => ({ epochs: 5, steps: null })),
    {
      code: 'E_RUN',
      message: /is diverged/,
    },
  );
});

test('rows that cannot be copied are an error, and no folder is left', {
  skip: process.platform === 'win32',
}, async () => {
  for (const [file, target, message] of [
    ['steps.csv', '/dev/zero', /Could not read .*steps\.csv: it is a pipe or a device/],
    ['metrics.csv', 'missing', /Could not read .*metrics\.csv: no such file/],
  ] as const) {
    const directory = await trainTiny({ epochs: 1 });
    const path = join(directory, file);
    rmSync(path);
    symlinkSync(target, path);
    const before = readdirSync(dirname(directory));
    await assert.rejects(
      extendRun(readRun(directory)!, () => ({ epochs: 2, steps: null })),
      message,
    );
    assert.deepEqual(readdirSync(dirname(directory)), before);
  }
});
