/** @file What is said of one arm. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stepsTo, summariseArm } from './arm-summary.js';
import { madeUpArm, stepRow } from './comparison.testing.js';

const NEVER = Number.POSITIVE_INFINITY;

/** Rows at equal distance. */
function rows(distance: number, accuracies: readonly (number | null)[]) {
  return accuracies.map((accuracy, index) => stepRow((index + 1) * distance, accuracy));
}

test('a level is reached when the mean of the last 100 steps is, not when one row is', () => {
  const learning = rows(50, [0, 0.8, 1, 0.9, 0.92]);
  assert.deepEqual(stepsTo(learning, [0.4, 0.9, 0.95, 0.97]), [100, 150, 200, NEVER]);
});

test('the first 100 steps are needed before any level is reached', () => {
  assert.deepEqual(stepsTo(rows(10, Array(20).fill(1)), [0.9]), [100]);
  assert.deepEqual(stepsTo(rows(10, Array(9).fill(1)), [0.9]), [NEVER]);
  assert.deepEqual(stepsTo([], [0.9, 0.95]), [NEVER, NEVER]);
});

test('a mean that is the level but for rounding reaches it', () => {
  for (const distance of [1, 7, 10, 30]) {
    const [found] = stepsTo(rows(distance, Array(200).fill(0.9)), [0.9]);
    assert.equal(found, Math.ceil(100 / distance) * distance);
  }
});

test('a row counts with the steps that lie in the window, also where rows are far apart or uneven', () => {
  // Up to step 120: 80 steps of 1 and, of the 40 before, 20 of 0.
  assert.deepEqual(stepsTo([stepRow(40, 0), stepRow(120, 1)], [0.8, 0.81]), [120, NEVER]);
  assert.deepEqual(stepsTo(rows(859, [0.8, 0.95]), [0.9]), [1718]);
});

test('a row that was not measured reaches nothing, nor does one of a run that diverged', () => {
  assert.deepEqual(stepsTo(rows(100, [null, 0.95]), [0.9]), [200]);
  assert.deepEqual(stepsTo(rows(50, [1, null, 1, 1]), [0.9]), [200]);
  assert.deepEqual(stepsTo(rows(100, [0.8, Number.NaN]), [0.9]), [NEVER]);
});

test('an arm has means and deviations over its runs', () => {
  const arm = summariseArm(madeUpArm('wn', [0.96, 0.98]));
  assert.equal(arm.n, 2);
  assert.equal(arm.test_accuracy?.mean, 0.97);
  assert.ok(Math.abs((arm.test_accuracy?.sd ?? 0) - Math.sqrt(2) / 100) < 1e-12);
  assert.deepEqual(arm.val_loss, { n: 2, mean: 0.125, sd: 0 });
  assert.deepEqual(arm.steps_to, [
    { accuracy: 0.9, median: 200, reached: 2 },
    { accuracy: 0.95, median: 300, reached: 2 },
    { accuracy: 0.97, median: null, reached: 0 },
  ]);
  assert.deepEqual([arm.diverged, arm.seconds], [0, 2.5]);
});

test('the median step is never if half of the runs or more never got there', () => {
  const arm = (slow: number) =>
    summariseArm(
      madeUpArm('wn', [1, 1, 1, 1], (run) => (run.seed < slow ? { steps: rows(100, [0.5]) } : {})),
    );
  assert.deepEqual(
    [0, 1, 2, 3].map((slow) => arm(slow).steps_to[0]!.median),
    [200, 200, null, null],
  );
  assert.deepEqual(
    [0, 1, 2, 3].map((slow) => arm(slow).steps_to[0]!.reached),
    [4, 3, 2, 1],
  );
});

test('a run that diverged counts in the accuracy, not in a loss that it does not have', () => {
  const arm = summariseArm(
    madeUpArm('base', [0.1, 0.9], (run) =>
      run.seed === 0
        ? { status: 'diverged', summary: { ...run.summary, status: 'diverged', val_loss: null } }
        : {},
    ),
  );
  assert.deepEqual([arm.diverged, arm.test_accuracy?.mean], [1, 0.5]);
  assert.deepEqual(arm.val_loss, { n: 1, mean: 0.125, sd: null });
});

test('an arm without runs has no numbers, and one run no deviation', () => {
  const empty = summariseArm(madeUpArm('wn', []));
  assert.deepEqual([empty.n, empty.test_accuracy, empty.val_loss, empty.seconds], [0, null, null, null]);
  assert.deepEqual(empty.steps_to[0], { accuracy: 0.9, median: null, reached: 0 });
  assert.deepEqual(summariseArm(madeUpArm('wn', [0.96])).test_accuracy, { n: 1, mean: 0.96, sd: null });
});
