/** @file Timing, over a clock that the test moves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measure, median } from './timing.js';

test('the median is the middle one, or the mean of the two in the middle', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 3, 2]), 2.5);
});

test('a repeat lasts at least as long as asked, and gives the time of one call', () => {
  let time = 0;
  const timing = measure(
    () => (time += 2),
    5,
    150,
    () => time,
  );
  assert.deepEqual(timing, { median: 2, min: 2, max: 2, repeats: 5, calls: 75 });
});

test('a single slow repeat moves the largest time, not the median', () => {
  let time = 0;
  let calls = 0;
  const timing = measure(
    () => (time += ++calls === 300 ? 1000 : 1),
    5,
    100,
    () => time,
  );
  assert.equal(timing.median, 1);
  assert.ok(timing.max > 10);
});
