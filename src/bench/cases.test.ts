/** @file Laws of the benchmark's cases, operation counts and synthetic data. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ARTICLE, combine, flopsOf, indicesOf, SCALING_SHAPES, syntheticDataset } from './cases.js';

const article = { ...ARTICLE, backend: 'wasm', device: 'cpu', model: 'wn', threads: 1 } as const;

test("a step with the article's shape has about half a billion operations", () => {
  // The expected number is written out: forward, weight gradient and gradient of h for each time step after the first one.
  const { batch, units, inputs, timeSteps } = ARTICLE;
  const step = 2 * batch * 4 * units * (2 * inputs + 3 * units);
  const first = 2 * batch * 4 * units * 2 * inputs;
  assert.equal(flopsOf(article), step * (timeSteps - 1) + first);
  assert.ok(Math.abs(flopsOf(article) / 495e6 - 1) < 0.02);
});

test('the cases are all combinations of the arguments', () => {
  assert.equal(
    combine(['native', 'wasm'], 'cpu', ['base', 'wn'], [1, 2], SCALING_SHAPES).length,
    8 * SCALING_SHAPES.length,
  );
});

test('TensorFlow and cuda are timed with one number of threads, and only they use the GPU', () => {
  const cases = combine(['native', 'cuda', 'tensorflow'], 'cuda', ['wn'], [1, 2], [ARTICLE]);
  assert.deepEqual(
    cases.map(({ backend, device, threads }) => [backend, device, threads]),
    [
      ['native', 'cpu', 1],
      ['native', 'cpu', 2],
      ['cuda', 'cuda', 2],
      ['tensorflow', 'cuda', 2],
    ],
  );
});

test('the data has the requested number of examples, and all indices are below it', () => {
  const { train } = syntheticDataset(article, 20);
  assert.equal(train.images.length, 20 * 28 * 28);
  const { count } = syntheticDataset(article).train;
  for (const step of [0, 7])
    assert.ok(indicesOf(article, step).every((index) => index >= 0 && index < count));
});
