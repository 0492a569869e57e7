/** @file The CUDA kernels give the recorded results on a CPU, whatever the order of their threads. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFusedEngine } from '../../fused/engine.js';
import { goldenCases, goldenHash } from '../../fused/golden.js';
import { createWasmKernel } from '../../fused/wasm.js';
import { createCudaEngine } from '../engine.js';
import { skipEmulation } from './build.testing.js';
import { ALL_ROWS, costOf, differences, goldenCase, openEmulated, withShared } from './golden.testing.js';

const skip = skipEmulation;
const device = skip ? null : await openEmulated(false);
const ORDERS = ['forward', 'reverse', 'random'] as const;

/** By default each case runs in one order, and one in five of those that take long. WNLSTM_EMULATE_ALL=1: all cases in all orders. */
const all = process.env.WNLSTM_EMULATE_ALL === '1';
const LONG = 2_000_000;

for (const [number, order] of ORDERS.entries()) {
  test(`the kernels give the recorded bits if threads run in ${order} order`, { skip }, async () => {
    process.env.EMULATED_ORDER = order;
    const cases = goldenCases.filter(
      (item, index) => all || (index % 3 === number && (costOf(item) < LONG || index % 5 === 0)),
    );
    assert.ok(cases.length > 40);
    assert.deepEqual(await differences(device!, cases), []);
  });
}

test('neither the rows of a block nor its shared memory change a result', { skip }, async () => {
  process.env.EMULATED_ORDER = 'random';
  const cases = [goldenCase('wn u16 b9 8x8 norm adam t1'), goldenCase('base u33 b5 28x28 value sgd t1')];
  for (const kilobytes of [48, 99, 227]) {
    for (const rows of ALL_ROWS) {
      const differing = await differences(withShared(device!, kilobytes * 1024), cases, rows);
      assert.deepEqual(differing, [], `${kilobytes} KB, ${JSON.stringify(rows)}`);
    }
  }
});

test('a network that is too large for registers gives the bits of the wasm kernel', { skip }, async () => {
  for (const units of [129, 200]) {
    const { spec } = goldenCase('wn u13 b5 6x6 global-norm adam t3');
    const item = { name: 'large', spec: { ...spec, units }, threads: 1 };
    const expected = await goldenHash((input) => createFusedEngine(createWasmKernel(), input), item);
    for (const forward of [1, 2, 4] as const) {
      const rows = { forward, backward: 4 } as const;
      const hash = await goldenHash((input) => createCudaEngine(device!, input, rows), item);
      assert.equal(hash, expected, `${units} units, ${forward} rows`);
    }
  }
});
