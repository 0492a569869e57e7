/** @file The estimate of the time until runs end. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Progress, secondsToEnd } from './estimate.js';

function progress(step: number, speed: number | null, change: Partial<Progress> = {}): Progress {
  return { isRunning: true, step, totalSteps: 100, speed, ...change };
}
const ended = progress(100, null, { isRunning: false });

test('without a running run, or a known speed, there is no estimate', () => {
  assert.equal(secondsToEnd([], 4), null);
  assert.equal(secondsToEnd([ended], 4), null);
  assert.equal(secondsToEnd([progress(0, null)], 0), null);
});

test('running runs end with the slowest, and waiting runs are shared among them', () => {
  assert.equal(secondsToEnd([progress(50, 10), progress(90, 1)], 0), 10);
  assert.equal(secondsToEnd([progress(50, 10), progress(50, 10), ended], 2), (50 + 50 + 200) / 20);
});

test('a run without a speed counts with the mean of the others, and one without a length as if it ended now', () => {
  assert.equal(secondsToEnd([progress(50, 5), progress(0, null)], 0), 20);
  assert.equal(secondsToEnd([progress(50, 5), progress(7, 5, { totalSteps: null })], 0), 10);
});
