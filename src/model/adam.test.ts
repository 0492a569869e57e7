/** @file Adam's step size, compared with the formula in the paper and with bias-corrected Adam. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adamRate, BETA1, BETA2, EPSILON } from './adam.js';

function near(actual: number, expected: number, tolerance = 1e-12): void {
  assert.ok(Math.abs(actual / expected - 1) < tolerance, `${actual} is not ${expected}`);
}

test('the constants are those of TensorFlow 1', () => {
  assert.deepEqual([BETA1, BETA2, EPSILON], [0.9, 0.999, 1e-8]);
});

test('step 1 has the rate lr √(1-β2) / (1-β1)', () => {
  near(adamRate(0.1, 1), (0.1 * Math.sqrt(1 - 0.999)) / (1 - 0.9), 1e-14);
});

test('every step has the rate lr √(1-β2^t) / (1-β1^t)', () => {
  for (const lr of [1, 0.1, 1e-4]) {
    for (const step of [1, 2, 3, 4, 5, 7, 8, 63, 64, 65, 859, 1718, 4295, 100_000]) {
      near(adamRate(lr, step), (lr * Math.sqrt(1 - 0.999 ** step)) / (1 - 0.9 ** step));
    }
  }
});

test('the rate converges to lr, and scales exactly with it by powers of two', () => {
  assert.equal(adamRate(0.1, 1_000_000_000), 0.1);
  for (const step of [1, 10, 100, 1000]) assert.equal(adamRate(0.5, step), adamRate(1, step) / 2);
});

test('the update equals bias-corrected Adam, except for the position of ε', () => {
  let [m, v, short, full] = [0, 0, 1, 1];
  for (let step = 1; step <= 50; step++) {
    const gradient = Math.cos(step);
    m = BETA1 * m + (1 - BETA1) * gradient;
    v = BETA2 * v + (1 - BETA2) * gradient ** 2;
    short -= (adamRate(0.01, step) * m) / (Math.sqrt(v) + EPSILON);
    full -= (0.01 * (m / (1 - BETA1 ** step))) / Math.sqrt(v / (1 - BETA2 ** step));
    near(short, full, 1e-6);
  }
});
