/** @file Smoothing on the page is that of `wnlstm plot`. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { rowsWithin } from '../../compare/bins.js';
import { smoothed } from './smooth.js';

/** The mean over a window by the definition: each row counts with its steps in the window. */
function byDefinition(steps: readonly number[], values: readonly number[], window: number): number[] {
  const rows = steps.map((step, index) => {
    const value = values[index] ?? Number.NaN;
    return { step, value: Number.isNaN(value) ? null : value };
  });
  return rows.map(({ step, value }, index) => {
    if (value === null) return Number.NaN;
    const parts = rowsWithin(rows, index, Math.max(0, step - window)).filter((part) => part.value !== null);
    const total = parts.reduce((sum, part) => sum + part.steps, 0);
    return parts.reduce((sum, part) => sum + (part.value ?? 0) * part.steps, 0) / total;
  });
}

test('a smoothed value is the mean over the last steps, weighted by the steps of each row', () => {
  const rows = fc.array(
    fc.tuple(
      fc.integer({ min: 1, max: 20 }),
      fc.oneof(fc.double({ min: -10, max: 10, noNaN: true }), fc.constant(Number.NaN)),
    ),
    { maxLength: 80 },
  );
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 100 }), (list, window) => {
      let step = 0;
      const steps = list.map(([width]) => (step += width));
      const values = list.map(([, value]) => value);
      const found = smoothed(Float64Array.from(steps), Float64Array.from(values), window);
      for (const [index, expected] of byDefinition(steps, values, window).entries()) {
        if (Number.isNaN(expected)) assert.ok(Number.isNaN(found[index]));
        else assert.ok(Math.abs(found[index]! - expected) < 1e-9, `${found[index]} and ${expected}`);
      }
    }),
  );
});

test('no smoothing returns the values themselves', () => {
  const values = Float64Array.of(1, 2);
  assert.equal(smoothed(Float64Array.of(10, 20), values, 0), values);
});
