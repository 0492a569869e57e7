/** @file The kernel's sigmoid and tanh, compared with JavaScript's in double precision. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ModelSpec } from '../../model/spec.js';
import { unavailable } from '../oracle.testing.js';
import { createKernel } from '../select.js';
import type { Kernel } from './kernel.js';
import { createWasmKernel } from './wasm.js';

/** Relative; the comment in kernel/math.h states the same. */
const BOUND = 3e-7;

/** A small network: the test only needs memory. */
const SPEC: ModelSpec = {
  model: 'wn',
  units: 4,
  batch: 4,
  timeSteps: 4,
  inputs: 4,
  classes: 2,
  forgetBias: 1,
  optimizer: 'adam',
  clip: null,
  clipMode: 'norm',
};

function evaluate(kernel: Kernel, x: Float32Array): { sigmoids: Float32Array; tanhs: Float32Array } {
  const floats = (bytes: Uint8Array): Float32Array =>
    new Float32Array(bytes.buffer, bytes.byteOffset, x.length);
  const { arrays } = kernel.allocate(
    { spec: SPEC, threads: 1 },
    {
      x: new Uint8Array(x.buffer),
      sigmoids: new Uint8Array(x.byteLength),
      tanhs: new Uint8Array(x.byteLength),
    },
  );
  kernel.nonlinearities(arrays.x, arrays.sigmoids, arrays.tanhs, x.length);
  return { sigmoids: floats(arrays.sigmoids), tanhs: floats(arrays.tanhs) };
}

const native = await unavailable('native');
const kernels: ['wasm' | 'native', string | false][] = [
  ['wasm', false],
  ['native', native],
];

for (const [name, skip] of kernels) {
  test(`${name}: sigmoid and tanh are within the error bound from -100 to 100 and near 0`, {
    skip,
  }, async () => {
    const wide = Float32Array.from({ length: 1 << 18 }, (_, at) => (at / (1 << 17) - 1) * 100);
    const narrow = Float32Array.from(
      { length: 1 << 16 },
      (_, at) => (at % 2 ? 1 : -1) * 2 ** (-30 + at / 2048),
    );
    for (const x of [wide, narrow]) {
      const { sigmoids, tanhs } = evaluate(await createKernel(name), x);
      x.forEach((value, at) => {
        const sigmoid = 1 / (1 + Math.exp(-value));
        // Below -87 the sigmoid is not a normal float; the kernel stops there.
        const error = value > -87 ? Math.abs(sigmoids[at]! / sigmoid - 1) : Math.abs(sigmoids[at]! - sigmoid);
        assert.ok(error <= BOUND, `sigmoid(${value}) = ${sigmoids[at]}`);
        if (value !== 0)
          assert.ok(Math.abs(tanhs[at]! / Math.tanh(value) - 1) <= BOUND, `tanh(${value}) = ${tanhs[at]}`);
      });
    }
  });

  test(`${name}: sigmoid and tanh of NaN are NaN, and of infinity are their limits`, { skip }, async () => {
    const x = new Float32Array(16).fill(Number.NaN);
    x.set([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
    const { sigmoids, tanhs } = evaluate(await createKernel(name), x);
    assert.ok(sigmoids.slice(2).every(Number.isNaN) && tanhs.slice(2).every(Number.isNaN));
    assert.deepEqual([sigmoids[0], tanhs[0], tanhs[1]], [1, 1, -1]);
    assert.ok(sigmoids[1]! < 1e-37);
  });
}

test('wasm: a network that needs more than 4 GiB is refused without integer overflow', () => {
  const spec = { ...SPEC, units: 4000, inputs: 784, timeSteps: 784, classes: 10, batch: 128 };
  assert.throws(() => createWasmKernel().allocate({ spec, threads: 1 }, {}), {
    code: 'E_BACKEND',
    message: /4 GiB of memory.* need [4-7]\.\d GiB/,
  });
});
