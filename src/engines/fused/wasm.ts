/** @file The kernel as WebAssembly. */

import { once } from 'node:events';
import { UserError } from '../../errors.js';
import { startThreads } from '../../threads.js';
import { type Kernel, THREADS_INDEX } from './kernel.js';
import { createMemory, loadModule, PAGE, WASM_BYTES, type WasmModule } from './wasm-module.js';
import type { WasmThread } from './wasm-worker.js';

type Call = (...args: number[]) => number;

const STACK_BYTES = PAGE;

/**
 * Makes a kernel with memory of its own.
 *
 * @throws {UserError} E_BACKEND if there is not enough memory, also from `allocate`
 */
export function createWasmKernel({ module }: WasmModule = loadModule()): Kernel {
  const memory = createMemory();
  const { exports: exported } = new WebAssembly.Instance(module, { env: { memory } });
  const call = (name: string): Call => exported[`wnlstm_${name}`] as Call;
  const heap = Math.ceil((exported.__heap_base as WebAssembly.Global).value / 64) * 64;
  const at = (view: Uint8Array): number => view.byteOffset;

  let stackEnds: number[] = [];

  const allocate: Kernel['allocate'] = (header, arrays) => {
    new Uint8Array(memory.buffer).set(header, heap);
    const threads = new Int32Array(memory.buffer, heap)[THREADS_INDEX];
    const stacks = Array.from({ length: threads - 1 }, () => STACK_BYTES);
    const lengths = [call('bytes')(heap), ...arrays.map((array) => array.length), ...stacks];
    const offsets: number[] = [];
    let end = heap;
    for (const length of lengths) {
      offsets.push(end);
      end += Math.ceil(length / 64) * 64;
    }
    try {
      if (end > WASM_BYTES) throw new RangeError('beyond 4 GiB');
      memory.grow(Math.max(0, Math.ceil((end - memory.buffer.byteLength) / PAGE)));
    } catch (error) {
      throw new UserError(
        'E_BACKEND',
        `The wasm backend has at most 4 GiB of memory, this network and data take ${(end / 2 ** 30).toFixed(1)}.`,
        {
          hint: 'Choose fewer --units or smaller images, or `--backend native`.',
          cause: error,
        },
      );
    }
    const views = lengths.map((length, index) => new Uint8Array(memory.buffer, offsets[index], length));
    arrays.forEach((array, index) => {
      views[index + 1].set(array);
    });
    stackEnds = views.slice(1 + arrays.length).map((stack) => stack.byteOffset + STACK_BYTES);
    return { net: views[0], arrays: views.slice(1, 1 + arrays.length) };
  };
  const start = async (net: Uint8Array): Promise<void> => {
    const parts = stackEnds.map(
      (stackEnd, index): WasmThread => ({ module, memory, net: at(net), part: index + 1, stackEnd }),
    );
    const threads = startThreads(new URL('./wasm-worker.js', import.meta.url), parts);
    await Promise.all(
      threads.map(async (thread) => {
        await once(thread, 'message'); // it is ready; a failure to start rejects
        thread.unref();
      }),
    );
  };
  return {
    name: 'wasm simd',
    spins: 20_000,
    allocate,
    offset: (net, lstm, slot) => call('offset')(at(net), lstm, slot),
    stride: (net, lstm) => call('stride')(at(net), lstm),
    start,
    stop: (net) => void call('stop')(at(net)),
    refresh: (net) => void call('refresh')(at(net)),
    step: (net, images, labels, indices, rate) =>
      void call('step')(at(net), at(images), at(labels), at(indices), rate),
    evaluate: (net, images, labels, count) => void call('evaluate')(at(net), at(images), at(labels), count),
    peak: (net, rounds) => call('peak')(at(net), rounds),
    nonlinearities: (x, sigmoids, tangents, count) =>
      void call('nonlinearities')(at(x), at(sigmoids), at(tangents), count),
  };
}
