/** @file Summaries of arms. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stepsTo, summariseArm } from './arm-summary.js';
import { stepRow, syntheticArm } from './comparison.testing.js';

const NEVER = Number.POSITIVE_INFINITY;

/** Rows at equal distances. */
function rows(distance: number, accuracies: readonly (number | null)[]) {
  return accuracies.map((accuracy, index) => stepRow((index + 1) * distance, accuracy));
}

function stepsToEach(learning: Parameters<typeof stepsTo>[0], levels: readonly number[]): number[] {
  return levels.map((level) => stepsTo(learning, level));
}

test('a level is reached when the mean over the last 100 steps reaches it, not when a single row does', () => {
  const learning = rows(50, [0, 0.8, 1, 0.9, 0.92]);
  assert.deepEqual(stepsToEach(learning, [0.4, 0.9, 0.95, 0.97]), [100, 150, 200, NEVER]);
});

test('no level is reached before step 100', () => {
  assert.equal(stepsTo(rows(10, Array(20).fill(1)), 0.9), 100);
  assert.equal(stepsTo(rows(10, Array(9).fill(1)), 0.9), NEVER);
  assert.equal(stepsTo([], 0.9), NEVER);
});

test('a mean that equals the level except for rounding reaches it', () => {
  for (const distance of [1, 7, 10, 30]) {
    const found = stepsTo(rows(distance, Array(200).fill(0.9)), 0.9);
    assert.equal(found, Math.ceil(100 / distance) * distance);
  }
});

test('a row counts with its steps inside the window, also for distant and unequal rows', () => {
  // The 100 steps up to 120: 80 steps with 1, and 20 steps with 0.
  assert.deepEqual(stepsToEach([stepRow(40, 0), stepRow(120, 1)], [0.8, 0.81]), [120, NEVER]);
  assert.equal(stepsTo(rows(859, [0.8, 0.95]), 0.9), 1718);
});

test('a window with a missing or NaN accuracy reaches no level', () => {
  assert.equal(stepsTo(rows(100, [null, 0.95]), 0.9), 200);
  assert.equal(stepsTo(rows(50, [1, null, 1, 1]), 0.9), 200);
  assert.equal(stepsTo(rows(100, [0.8, Number.NaN]), 0.9), NEVER);
});

test('a summary has means and standard deviations over runs', () => {
  const arm = summariseArm(syntheticArm('wn', [0.96, 0.98]));
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

test('there is no median step if half of the runs or more never reach the level', () => {
  const arm = (slow: number) =>
    summariseArm(
      syntheticArm('wn', [1, 1, 1, 1], (run) => (run.seed < slow ? { steps: rows(100, [0.5]) } : {})),
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

test('a diverged run counts in the accuracy, but not in the loss', () => {
  const arm = summariseArm(
    syntheticArm('base', [0.1, 0.9], (run) =>
      run.seed === 0
        ? { status: 'diverged', summary: { ...run.summary, status: 'diverged', val_loss: null } }
        : {},
    ),
  );
  assert.deepEqual([arm.diverged, arm.test_accuracy?.mean], [1, 0.5]);
  assert.deepEqual(arm.val_loss, { n: 1, mean: 0.125, sd: null });
});

test('an arm without runs has no statistics, and one run has no standard deviation', () => {
  const empty = summariseArm(syntheticArm('wn', []));
  assert.deepEqual([empty.n, empty.test_accuracy, empty.val_loss, empty.seconds], [0, null, null, null]);
  assert.deepEqual(empty.steps_to[0], { accuracy: 0.9, median: null, reached: 0 });
  assert.deepEqual(summariseArm(syntheticArm('wn', [0.96])).test_accuracy, { n: 1, mean: 0.96, sd: null });
});
