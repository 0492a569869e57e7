/** @file A curve on a grid has the peaks and the edges of the curve, and no values of its own. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { gridOf, nearestIndex, onGrid } from './decimate.js';

test('every value on the grid is one of the curve, and the lowest and highest are kept', () => {
  const curve = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 400 });
  fc.assert(
    fc.property(curve, fc.integer({ min: 1, max: 60 }), (y, buckets) => {
      const x = y.map((_, index) => index);
      const values = onGrid(x, y, gridOf(0, Math.max(1, y.length - 1), buckets), () => true);
      const inner = values.slice(1, -1).filter((value) => value !== null);
      assert.ok(inner.every((value) => y.includes(value)));
      assert.equal(Math.min(...inner), Math.min(...y));
      assert.equal(Math.max(...inner), Math.max(...y));
    }),
  );
});

test('a part of a curve begins and ends on the lines that cross its edges', () => {
  const values = onGrid([0, 10, 20], [0, 10, 0], gridOf(5, 15, 4));
  assert.equal(values[0], 5);
  assert.equal(values.at(-1), 5);
  assert.deepEqual(
    values.slice(1, -1).filter((value) => value !== null),
    [10],
  );
});

test('a curve that ends before an edge has no value there', () => {
  const values = onGrid([1, 2], [3, 4], gridOf(0, 10, 5));
  assert.deepEqual([values[0], values.at(-1)], [null, null]);
});

test('points that are not finite, or that the axis cannot show, are left out', () => {
  const y = [1, Number.NaN, Number.POSITIVE_INFINITY, -1, 2];
  const values = onGrid([0, 1, 2, 3, 4], y, gridOf(0, 4, 10), (value) => value > 0);
  assert.deepEqual(
    values.filter((value) => value !== null),
    [1, 2],
  );
});

test('a curve without points has no values', () => {
  assert.ok(onGrid([], [], gridOf(0, 1, 3)).every((value) => value === null));
});

test('the nearest index is that of the nearest value', () => {
  assert.deepEqual(
    [-5, 1.4, 1.6, 9].map((target) => nearestIndex([0, 1, 2, 3], target)),
    [0, 1, 2, 3],
  );
  assert.equal(nearestIndex([], 1), -1);
});
