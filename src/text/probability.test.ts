/** @file Probabilities are rounded to 0 or 100 percent only if they are. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { probabilityPercent } from './probability.js';

test('a probability is 0 or 100 percent only if it is exactly that', () => {
  assert.deepEqual([0, 1e-9, 0.00009, 0.0001, 0.5, 0.99987, 0.9999, 0.999999, 1].map(probabilityPercent), [
    '0.00 %',
    '<0.01 %',
    '<0.01 %',
    '0.01 %',
    '50.00 %',
    '99.99 %',
    '99.99 %',
    '>99.99 %',
    '100.00 %',
  ]);
});
