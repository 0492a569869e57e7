/** @file Groups of runs. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chunks, fill } from './tasks.js';

test('a task has runs up to the limit, and at least one', () => {
  const ids = ['a', 'b', 'c', 'd', 'e'];
  assert.deepEqual(fill(ids, [1, 1, 1, 1, 1], 2), [['a', 'b'], ['c', 'd'], ['e']]);
  assert.deepEqual(fill(ids, [5, 1, 1, 9, 1], 3), [['a'], ['b', 'c'], ['d'], ['e']]);
  const unknown = ids.map(() => Number.POSITIVE_INFINITY);
  assert.deepEqual(
    fill(ids, unknown, 600),
    ids.map((id) => [id]),
  );
  assert.deepEqual(fill([], [], 600), []);
});

test('no job array is larger than the cluster allows', () => {
  assert.deepEqual(chunks([1, 2, 3, 4, 5], 2), [[1, 2], [3, 4], [5]]);
  assert.deepEqual(chunks([], 2), []);
});
