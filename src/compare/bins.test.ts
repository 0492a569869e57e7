/** @file Laws of bins and smoothing. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Bins, binned, binsOf, type Cell } from './bins.js';

/** Rows at these steps. */
function cells(...rows: readonly (readonly [step: number, value: number | null])[]): Cell[] {
  return rows.map(([step, value]) => ({ step, value, seconds: step / 10 }));
}

function valuesOf(rows: Cell[], bins: Bins, smooth = 0): [number, number][] {
  return [...binned(rows, bins, smooth)].map(([end, { value }]) => [end, value]);
}

function everyTen(last: number): Bins {
  return binsOf(10, last);
}

test('bins cover every step once, and all except the last one have the same width', () => {
  for (const logEvery of [1, 7, 10]) {
    for (const last of [1, 3, 10, 99, 700, 859, 1001, 4295, 12_345]) {
      const { width, ends } = binsOf(logEvery, last);
      assert.equal(ends.at(-1), last);
      assert.equal(width % logEvery, 0);
      for (const [index, end] of ends.slice(0, -1).entries()) assert.equal(end, width * (index + 1));
      const lastWidth = last - (ends.at(-2) ?? 0);
      assert.ok(
        lastWidth < 1.5 * width && (ends.length === 1 || 2 * lastWidth >= width),
        `${logEvery} ${last}`,
      );
    }
  }
});

test('a row counts with its number of steps', () => {
  const rows = cells([10, 1], [14, 8], [20, 3]);
  assert.deepEqual(valuesOf(rows, { width: 20, ends: [20] }), [[20, (10 * 1 + 4 * 8 + 6 * 3) / 20]]);
});

test('the mean of one value, or of equal values, is exact', () => {
  for (const value of [0.1, 1 / 3, 1e-30, 123.456]) {
    assert.deepEqual(valuesOf(cells([10, value]), everyTen(10)), [[10, value]]);
    const rows = cells([3, value], [10, value], [17, value]);
    assert.deepEqual(valuesOf(rows, { width: 17, ends: [17] }), [[17, value]]);
  }
});

test('a smoothed value is the mean over the preceding steps, which may include a part of a row', () => {
  const rows = cells([10, 1], [20, 2], [30, 4], [40, 8]);
  assert.deepEqual(valuesOf(rows, everyTen(40), 25), [
    [10, 1], // only 10 steps so far
    [20, 1.5],
    [30, (5 * 1 + 10 * 2 + 10 * 4) / 25],
    [40, (5 * 2 + 10 * 4 + 10 * 8) / 25],
  ]);
});

test('smoothing over at most the width of a bin has no effect', () => {
  const rows = cells([10, 1], [20, 2], [30, 4], [40, 8]);
  assert.deepEqual(valuesOf(rows, everyTen(40), 10), valuesOf(rows, everyTen(40)));
});

test('the earlier part of a smoothed curve does not change when the run continues', () => {
  const rows = Array.from({ length: 60 }, (_, row): [number, number] => [10 * (row + 1), Math.sin(row)]);
  const whole = valuesOf(cells(...rows), everyTen(600), 70);
  const half = valuesOf(cells(...rows.slice(0, 30)), everyTen(300), 70);
  assert.deepEqual(half, whole.slice(0, 30));
});

test('missing values do not count, and a bin without values has none', () => {
  const rows = cells([10, 1], [20, null], [30, null], [40, 4]);
  assert.deepEqual(valuesOf(rows, everyTen(40)), [
    [10, 1],
    [40, 4],
  ]);
  assert.deepEqual(valuesOf(rows, { width: 20, ends: [20, 40] }), [
    [20, 1],
    [40, 4],
  ]);
});

test('a run that ends before the others has no short bin at its end', () => {
  const bins: Bins = { width: 20, ends: [20, 40, 60] };
  const rows = cells([10, 1], [20, 1], [24, 9]);
  assert.deepEqual(valuesOf(rows, bins), [[20, 1 + (8 * 4) / 24]]);
  assert.deepEqual(valuesOf(cells([10, 1], [20, 1], [30, 9]), bins), [
    [20, 1],
    [40, 9],
  ]);
});
