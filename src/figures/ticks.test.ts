/** @file Laws of ticks. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nice, tickStep } from 'd3-array';
import { decimalsOf, multiples } from './ticks.js';

test('a nice domain starts and ends at multiples of its tick step', () => {
  for (const [low, high] of [
    [0, 859],
    [0.937, 0.9544],
    [-2.3, 7],
    [1e-9, 3e-9],
    [12, 12.5],
  ] as const) {
    const [from, to] = nice(low, high, 5);
    const ticks = multiples([from, to], tickStep(from, to, 5));
    assert.deepEqual([ticks[0], ticks.at(-1)], [from, to]);
  }
});

test('multiples of a step have no rounding errors, and are inside the domain', () => {
  assert.deepEqual(multiples([0.1, 0.7], 0.1), [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]);
  assert.deepEqual(multiples([0.11, 0.69], 0.2), [0.2, 0.4, 0.6]);
  assert.deepEqual(multiples([1, 1.5], 2), []);
});

test('decimals are enough for every multiple of a step, and no more', () => {
  for (const [step, decimals] of [
    [0.5, 1],
    [0.1, 1],
    [0.02, 2],
    [1, 0],
    [20, 0],
  ] as const) {
    assert.equal(decimalsOf(step), decimals);
  }
});
