/** @file Laws of the number of rows that a block computes. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ModelSpec } from '../../model/spec.js';
import { chooseRows } from './rows.js';

const spec: ModelSpec = {
  ...{ model: 'wn', units: 100, batch: 64, timeSteps: 28, inputs: 28, classes: 10, forgetBias: 1 },
  ...{ optimizer: 'adam', clip: 0.5, clipMode: 'norm' },
};
const limits = { sharedBytes: 227 * 1024 };

test('a block has as few rows as let all blocks run at once', () => {
  assert.deepEqual(chooseRows(spec, limits, 132), { forward: 1, backward: 1 });
  assert.deepEqual(chooseRows(spec, limits, 132 / 4), { forward: 2, backward: 2 });
  assert.deepEqual(chooseRows(spec, limits, 132 / 8), { forward: 4, backward: 4 });
  assert.deepEqual(chooseRows(spec, limits, 132 / 16), { forward: 4, backward: 8 });
});

test('rows that do not fit into shared memory are not chosen, and a model that never fits is refused', () => {
  const large = { ...spec, units: 2000 };
  const { forward, backward } = chooseRows(large, { sharedBytes: 64 * 1024 }, 1);
  assert.ok(forward < 4 && backward < 8, `${forward} ${backward}`);
  assert.throws(() => chooseRows({ ...spec, units: 20_000 }, limits, 1), /20000 units does not fit/);
});
