/** @file Wilson's interval against published values and its defining equation. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wilsonInterval } from './wilson.js';

test('the interval has the published limits (Newcombe 1998, table I, method 3)', () => {
  for (const [successes, count, low, high] of [
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ] as const) {
    const interval = wilsonInterval(successes, count);
    assert.deepEqual(
      interval.map((limit) => Math.round(limit * 1e4) / 1e4),
      [low, high],
      `${successes} of ${count}`,
    );
  }
});

test('at a limit, the proportion is 1.96 standard errors away', () => {
  for (const [successes, count] of [
    [1, 2],
    [9574, 10_000],
    [7, 30],
  ] as const) {
    for (const limit of wilsonInterval(successes, count)) {
      const error = Math.sqrt((limit * (1 - limit)) / count);
      assert.ok(Math.abs(Math.abs(successes / count - limit) / error - 1.959963984540054) < 1e-9);
    }
  }
});

test('the interval lies within 0 and 1, contains the proportion, and is symmetric in success and failure', () => {
  for (const count of [1, 2, 20, 10_000]) {
    for (const successes of [0, 1, count - 1, count]) {
      const [low, high] = wilsonInterval(successes, count);
      const p = successes / count;
      assert.ok(0 <= low && low <= p && p <= high && high <= 1, `${successes} of ${count}`);
      assert.ok(low < high);
      const [mirrored] = wilsonInterval(count - successes, count);
      assert.ok(Math.abs(mirrored - (1 - high)) < 1e-12);
    }
  }
});

test('without trials nothing is known', () => {
  assert.deepEqual(wilsonInterval(0, 0), [0, 1]);
});
