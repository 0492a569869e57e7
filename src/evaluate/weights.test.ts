/** @file The architecture of a model is that of its weights, unless no model has their sizes. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveConfig } from '../config.js';
import { UserError } from '../errors.js';
import type { NamedArray } from '../model/state.js';
import { architectureOf } from './weights.js';

function array(...shape: number[]): NamedArray {
  return { shape, data: new Float32Array(shape.reduce((product, size) => product * size, 1)) };
}

test('sizes that no model has are an error, and do not fill the memory', () => {
  const { config } = resolveConfig({ units: 2 }, {});
  const run = { directory: 'runs/a', config: { ...config, backend: 'wasm', device: 'cpu' } } as const;
  const read = (wx: NamedArray, pred: NamedArray) =>
    architectureOf(run, {
      state: new Map([
        ['lstm/w_x', wx],
        ['pred/w', pred],
      ]),
    });
  const { inputs, timeSteps, classes } = read(array(5, 8), array(2, 3));
  assert.deepEqual([inputs, timeSteps, classes], [5, 5, 3]);
  for (const [wx, pred] of [
    [array(1_000_000, 0), array(2, 3)],
    [array(0, 8), array(2, 3)],
    [array(5, 8), array(2, 0)],
    [array(5, 12), array(3, 3)],
  ] as const) {
    assert.throws(
      () => read(wx, pred),
      (error) => error instanceof UserError && error.code === 'E_CHECKPOINT',
    );
  }
});
