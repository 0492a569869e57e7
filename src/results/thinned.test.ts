/** @file Thinned rows have the means of all rows, and their number is bounded. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StepRow } from '../runs/metrics.js';
import { createThinnedRows } from './thinned.js';

function rowAt(step: number, loss: number | null): StepRow {
  return {
    step,
    epoch: 1,
    loss,
    accuracy: step / 100_000,
    lr: 0.1,
    grad_norm: null,
    grad_norm_clipped: Number.NaN,
    clip_fraction: 0.5,
    elapsed_seconds: step / 8,
  };
}

function thinned(rows: readonly StepRow[], logEvery: number) {
  const result = createThinnedRows(logEvery);
  rows.forEach(result.add);
  return result;
}

/** The mean loss over the steps after `from`, up to `to`: the obvious way. */
function meanLoss(rows: readonly StepRow[], from: number, to: number): number {
  let [total, count] = [0, 0];
  for (const [index, { step, loss }] of rows.entries()) {
    const before = rows[index - 1]?.step ?? 0;
    if (step === null || loss === null || step <= from || step > to) continue;
    total += loss * (step - before);
    count += step - before;
  }
  return total / count;
}

test('few rows stay as they are', () => {
  const rows = [10, 20, 25].map((step) => rowAt(step, step));
  const { rows: kept, width, last } = thinned(rows, 10);
  assert.deepEqual(
    kept(10),
    rows.map((row) => ({ ...row, grad_norm_clipped: null })),
  );
  assert.equal(width, 10);
  assert.equal(last, rows[2]);
});

test('any number of rows becomes at most 256, each with the mean over its steps', () => {
  for (const count of [256, 257, 1000, 4000]) {
    const rows = Array.from({ length: count }, (_, row) => rowAt(10 * (row + 1), 2 / (1 + row) + (row % 7)));
    const { rows: kept, width } = thinned(rows, 10);
    for (const wide of [width, 2 * width, 8 * width]) {
      const groups = kept(wide);
      assert.ok(groups.length <= 256 && (wide > width || count < 256 || groups.length >= 128));
      assert.equal(groups.at(-1)?.step, 10 * count);
      for (const [index, { step, loss, elapsed_seconds }] of groups.entries()) {
        const from = index * wide;
        assert.equal(step, Math.min(from + wide, 10 * count));
        assert.equal(elapsed_seconds, step! / 8);
        assert.ok(Math.abs(loss! - meanLoss(rows, from, step!)) < 1e-12);
      }
    }
  }
});

test('a mean leaves out values that are missing or not finite; without any value it is missing', () => {
  const losses = [1, null, Number.NaN, 3, Number.POSITIVE_INFINITY, null, null, null];
  const { rows } = thinned(
    losses.map((loss, row) => rowAt(row + 1, loss)),
    1,
  );
  assert.deepEqual(
    rows(4).map(({ loss }) => loss),
    [2, null],
  );
  assert.deepEqual(
    rows(8).map(({ loss }) => loss),
    [2],
  );
});

test('a row counts with the steps since the row before it', () => {
  const { rows } = thinned([rowAt(10, 1), rowAt(15, 4), rowAt(40, 2)], 10);
  assert.deepEqual(
    rows(40).map(({ loss }) => loss),
    [(10 * 1 + 5 * 4 + 25 * 2) / 40],
  );
});

test('rows that are added later are in the means', () => {
  const all = thinned([rowAt(10, 1)], 10);
  assert.equal(all.rows(20)[0]?.loss, 1);
  all.add(rowAt(20, 3));
  assert.equal(all.rows(20)[0]?.loss, 2);
});
