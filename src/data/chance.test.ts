/** @file The chance level, and classes without validation examples. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAtChance, unvalidatedClasses } from './chance.js';
import type { Dataset, Split } from './mnist.js';

function split(...labels: number[]): Split {
  return {
    count: labels.length,
    images: new Uint8Array(0),
    labels: Uint8Array.from(labels),
  };
}

test('chance level is the fraction of the most frequent class plus two standard errors', () => {
  const even = split(...Array.from({ length: 1000 }, (_, index) => index % 10)); // 0.1 ± 0.0095
  assert.ok(isAtChance(0.1, even));
  assert.ok(isAtChance(0.118, even));
  assert.ok(!isAtChance(0.12, even));
  const skewed = split(...Array.from({ length: 1000 }, (_, index) => (index < 700 ? 0 : 1))); // 0.7 ± 0.0145
  assert.ok(isAtChance(0.72, skewed));
  assert.ok(!isAtChance(0.74, skewed));
});

test('classes without a validation example are listed', () => {
  const dataset = { train: split(3, 0, 1, 2, 3), validation: split(0, 0, 2) } as unknown as Dataset;
  assert.deepEqual(unvalidatedClasses(dataset), [1, 3]);
  assert.deepEqual(unvalidatedClasses({ ...dataset, validation: split(0, 1, 2, 3) }), []);
});
