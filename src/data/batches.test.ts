/** @file The examples of each step. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { permutation, rng } from '../rng.js';
import { batches } from './batches.js';

/** The concatenated indices of steps `first … last`. */
function sequence(batchAt: (step: number) => Int32Array, first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => [...batchAt(first + index)]).flat();
}

test('a batch is a pure function of the step', () => {
  const forwards = batches(3, 50, 8);
  const expected = Array.from({ length: 40 }, (_, index) => [...forwards(index + 1)]);
  const jumping = batches(3, 50, 8);
  for (const step of permutation(rng('steps'), 40)) {
    assert.deepEqual([...jumping(step + 1)], expected[step], `step ${step + 1}`);
  }
  for (let step = 40; step >= 1; step--) {
    assert.deepEqual([...jumping(step)], expected[step - 1], `step ${step}, backwards`);
    assert.deepEqual([...batches(3, 50, 8)(step)], expected[step - 1], `step ${step}, first call`);
  }
});

test('a pass contains every example once, and each pass has another order', () => {
  const count = 50;
  const seen = sequence(batches(0, count, 8), 1, 25); // 200 examples: four passes
  const passes = Array.from({ length: 4 }, (_, pass) => seen.slice(pass * count, (pass + 1) * count));
  for (const pass of passes) {
    assert.deepEqual(
      [...pass].sort((a, b) => a - b),
      Array.from({ length: count }, (_, index) => index),
    );
  }
  assert.equal(new Set(passes.map(String)).size, 4);
});

test('batches are slices of the permutations at (seed, shuffle, pass)', () => {
  const passes = [0, 1, 2].flatMap((pass) => [...permutation(rng(9, 'shuffle', pass), 10)]);
  assert.deepEqual(sequence(batches(9, 10, 4), 1, 7), passes.slice(0, 28));
});

test('batches span passes and all have the same size', () => {
  const batchAt = batches(1, 10, 4);
  for (let step = 1; step <= 20; step++) assert.equal(batchAt(step).length, 4);
  const [, , third] = [1, 2, 3].map((step) => [...batchAt(step)]);
  assert.deepEqual(third!.slice(0, 2), [...permutation(rng(1, 'shuffle', 0), 10)].slice(8));
  assert.deepEqual(third!.slice(2), [...permutation(rng(1, 'shuffle', 1), 10)].slice(0, 2));
});

test('a batch as large as the training set is one pass', () => {
  const batchAt = batches(1, 10, 10);
  for (let step = 1; step <= 3; step++) {
    assert.deepEqual([...batchAt(step)], [...permutation(rng(1, 'shuffle', step - 1), 10)]);
  }
});

test('another seed gives another order', () => {
  const orders = [0, 1, 2, 2 ** 32 - 1].map((seed) => sequence(batches(seed, 50, 8), 1, 6).join());
  assert.equal(new Set(orders).size, orders.length);
});

test('the batch size does not change the order of the examples', () => {
  assert.deepEqual(sequence(batches(5, 30, 1), 1, 120), sequence(batches(5, 30, 24), 1, 5));
});
