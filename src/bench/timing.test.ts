/** @file Laws of timing, tested with a clock that the tests advance. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measure, median } from './timing.js';

test('the median is the middle value, or the mean of the two middle values', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 3, 2]), 2.5);
});

test('a repeat lasts at least the requested time, and its result is the time of one call', async () => {
  let time = 0;
  const timing = await measure(() => (time += 2), { repeats: 5, now: () => time });
  assert.deepEqual(timing, { median: 2, min: 2, max: 2, repeats: 5, calls: 75 });
});

test('one slow repeat changes the largest time, but not the median', async () => {
  let time = 0;
  let calls = 0;
  const timing = await measure(() => (time += ++calls === 300 ? 1000 : 1), {
    repeats: 5,
    repeatMs: 100,
    now: () => time,
  });
  assert.equal(timing.median, 1);
  assert.ok(timing.max > 10);
});

test('the time to finish the work of the calls is included', async () => {
  let time = 0;
  let queued = 0;
  const finish = (): void => {
    time += 3 * queued;
    queued = 0;
  };
  const { median: each } = await measure(() => queued++, { repeats: 3, finish, now: () => time });
  assert.equal(each, 3);
});

test('calls of an asynchronous function follow one another, and its time is until its promise resolves', async () => {
  let time = 0;
  let running = 0;
  const run = async (): Promise<void> => {
    assert.equal(++running, 1);
    await Promise.resolve();
    running--;
    time += 2;
  };
  assert.equal((await measure(run, { repeats: 3, now: () => time })).median, 2);
});

test('timing ends when the signal is aborted', async () => {
  const abort = new AbortController();
  let time = 0;
  const run = (): void => {
    time += 1;
    if (time === 500) abort.abort('enough');
  };
  await assert.rejects(
    measure(run, { now: () => time, signal: abort.signal }),
    (reason) => reason === 'enough',
  );
});
