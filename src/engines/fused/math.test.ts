/** @file The kernel's own sigmoid and tanh against JavaScript's, in double. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unavailable } from '../oracle.testing.js';
import { createKernel } from '../select.js';
import type { Kernel } from './kernel.js';
import { createWasmKernel } from './wasm.js';

/** Of the value; the comment in kernel/math.h promises it. */
const BOUND = 3e-7;

function header(): Uint8Array {
  const bytes = new Uint8Array(64);
  new Int32Array(bytes.buffer).set([4, 4, 2, 4, 0, 0, 0, 0, 0, 1, 0, 0, 4]); // any network: the test needs memory only
  return bytes;
}

function evaluate(kernel: Kernel, x: Float32Array): { sigmoids: Float32Array; tangents: Float32Array } {
  const blank = new Uint8Array(x.byteLength);
  const { arrays } = kernel.allocate(header(), [new Uint8Array(x.buffer), blank.slice(), blank.slice()]);
  kernel.nonlinearities(arrays[0]!, arrays[1]!, arrays[2]!, x.length);
  const [sigmoids, tangents] = arrays
    .slice(1)
    .map((bytes) => new Float32Array(bytes.buffer, bytes.byteOffset, x.length));
  return { sigmoids, tangents };
}

const native = await unavailable('native');
const kernels: ['wasm' | 'native', string | false][] = [
  ['wasm', false],
  ['native', native],
];

for (const [name, skip] of kernels) {
  test(`${name}: sigmoid and tanh keep their bound from -100 to 100 and near 0`, { skip }, async () => {
    const wide = Float32Array.from({ length: 1 << 18 }, (_, at) => (at / (1 << 17) - 1) * 100);
    const narrow = Float32Array.from(
      { length: 1 << 16 },
      (_, at) => (at % 2 ? 1 : -1) * 2 ** (-30 + at / 2048),
    );
    for (const x of [wide, narrow]) {
      const { sigmoids, tangents } = evaluate(await createKernel(name), x);
      x.forEach((value, at) => {
        const sigmoid = 1 / (1 + Math.exp(-value));
        // Below e^-87 the sigmoid is no normal float any more; the kernel stops there.
        const error = value > -87 ? Math.abs(sigmoids[at]! / sigmoid - 1) : Math.abs(sigmoids[at]! - sigmoid);
        assert.ok(error <= BOUND, `sigmoid(${value}) = ${sigmoids[at]}`);
        if (value !== 0)
          assert.ok(
            Math.abs(tangents[at]! / Math.tanh(value) - 1) <= BOUND,
            `tanh(${value}) = ${tangents[at]}`,
          );
      });
    }
  });

  test(`${name}: sigmoid and tanh of NaN are NaN, of infinity their limits`, { skip }, async () => {
    const x = new Float32Array(16).fill(Number.NaN);
    x.set([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
    const { sigmoids, tangents } = evaluate(await createKernel(name), x);
    assert.ok(sigmoids.slice(2).every(Number.isNaN) && tangents.slice(2).every(Number.isNaN));
    assert.deepEqual([sigmoids[0], tangents[0], tangents[1]], [1, 1, -1]);
    assert.ok(sigmoids[1]! < 1e-37);
  });
}

test('wasm: a network beyond 32-bit memory is refused, not wrapped around', () => {
  const bytes = new Uint8Array(64);
  new Int32Array(bytes.buffer).set([4000, 784, 10, 128, 1, 1, 0, 0, 0, 1, 0, 4, 784]);
  assert.throws(() => createWasmKernel().allocate(bytes, []), {
    code: 'E_BACKEND',
    message: /4 GiB of memory.* take [4-7]\.\d/,
  });
});
