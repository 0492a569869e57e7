/** @file Round numbers: strides of 1, 2 and 5, domains that end at ticks, decimals that are enough for all. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decimalsOf, multiples, niceDomain, tickStride } from './ticks.js';

const domains = [
  [0, 859],
  [0.937, 0.9544],
  [-2.3, 7],
  [1e-9, 3e-9],
  [0, 1],
  [12, 12.5],
] as const;

test('a stride is 1, 2 or 5 times a power of ten, and gives about so many ticks', () => {
  for (const [low, high] of domains) {
    for (const count of [2, 5, 10]) {
      const stride = tickStride(low, high, count);
      assert.match(stride.toExponential(6), /^[125]\.000000e/);
      const parts = (high - low) / stride;
      assert.ok(parts > count / 2 && parts < 2 * count, `${low} to ${high}: ${parts}`);
    }
  }
});

test('a nice domain holds the other, is little longer, and ends at ticks', () => {
  for (const [low, high] of domains) {
    const [from, to] = niceDomain([low, high], 5);
    const stride = tickStride(from, to, 5);
    assert.ok(from <= low && high <= to && to - from <= high - low + 2 * stride, `${from} to ${to}`);
    const ticks = multiples([from, to], stride);
    assert.deepEqual([ticks[0], ticks.at(-1)], [from, to]);
  }
  assert.deepEqual(niceDomain([1, 1], 5), [1, 1]);
});

test('decimals are enough for every multiple of a stride, and no more', () => {
  for (const [stride, decimals] of [
    [0.5, 1],
    [0.1, 1],
    [0.02, 2],
    [1, 0],
    [20, 0],
  ]) {
    assert.equal(decimalsOf(stride!), decimals);
  }
});
