/** @file The WebAssembly kernel. */

import { once } from 'node:events';
import { UserError } from '../../errors.js';
import { startThreads } from '../../threads.js';
import { initArguments, type Kernel, type NetworkOptions } from './kernel.js';
import { createMemory, loadModule, PAGE, WASM_BYTES, type WasmModule } from './wasm-module.js';
import type { WasmThread } from './wasm-worker.js';

type Call = (...args: number[]) => number;

const STACK_BYTES = PAGE;
/** Iterations before a waiting thread sleeps: some tens of microseconds. */
const SPINS = 20_000;

/**
 * Makes a kernel with its own memory, for one network.
 *
 * @throws {UserError} E_BACKEND if there is not enough memory, also from `allocate`
 */
export function createWasmKernel({ module }: WasmModule = loadModule()): Kernel {
  const memory = createMemory();
  const { exports: exported } = new WebAssembly.Instance(module, { env: { memory } });
  const call = (name: string): Call => exported[`wnlstm_${name}`] as Call;
  const heap = Math.ceil((exported.__heap_base as WebAssembly.Global).value / 64) * 64;
  const offsetOf = (view: Uint8Array): number => view.byteOffset;

  let stackEnds: number[] = [];

  const allocate = <Name extends string>(
    options: NetworkOptions,
    arrays: Readonly<Record<Name, Uint8Array>>,
  ): { net: Uint8Array; arrays: Readonly<Record<Name, Uint8Array>> } => {
    call('init')(heap, ...initArguments(options, SPINS));
    const bytes = call('bytes')(heap);
    let end = heap;
    const reserve = (length: number): number => {
      const offset = end;
      end += Math.ceil(length / 64) * 64;
      return offset;
    };
    reserve(bytes);
    const placed = (Object.entries(arrays) as [Name, Uint8Array][]).map(
      ([name, array]) => ({ name, array, offset: reserve(array.length) }) as const,
    );
    stackEnds = Array.from({ length: options.threads - 1 }, () => reserve(STACK_BYTES) + STACK_BYTES);
    try {
      if (end > WASM_BYTES) throw new RangeError('more than 4 GiB');
      memory.grow(Math.max(0, Math.ceil((end - memory.buffer.byteLength) / PAGE)));
    } catch (error) {
      throw new UserError(
        'E_BACKEND',
        `The wasm backend has at most 4 GiB of memory, but this network and its data need ${(end / 2 ** 30).toFixed(1)} GiB.`,
        {
          hint: 'Reduce --units, use smaller images, or use `--backend native`.',
          cause: error,
        },
      );
    }
    const copies = placed.map(({ name, array, offset }): [Name, Uint8Array] => {
      const copy = new Uint8Array(memory.buffer, offset, array.length);
      copy.set(array);
      return [name, copy];
    });
    return {
      net: new Uint8Array(memory.buffer, heap, bytes),
      arrays: Object.fromEntries(copies) as Record<Name, Uint8Array>,
    };
  };
  const start = async (net: Uint8Array): Promise<void> => {
    const parts = stackEnds.map(
      (stackEnd, index): WasmThread => ({ module, memory, net: offsetOf(net), thread: index + 1, stackEnd }),
    );
    const threads = startThreads(new URL('./wasm-worker.js', import.meta.url), parts);
    await Promise.all(
      threads.map(async (thread) => {
        await once(thread, 'message'); // the thread is ready; rejects if it fails to start
        thread.unref();
      }),
    );
  };
  return {
    name: 'wasm simd',
    metricsOffset: call('metrics_offset')(),
    evaluationOffset: call('evaluation_offset')(),
    allocate,
    offset: (net, lstm, buffer) => call('offset')(offsetOf(net), lstm, buffer),
    stride: (net, lstm) => call('stride')(offsetOf(net), lstm),
    start,
    threads: (net) => call('threads')(offsetOf(net)),
    stop: (net) => void call('stop')(offsetOf(net)),
    packWeights: (net) => void call('pack_weights')(offsetOf(net)),
    step: (net, images, labels, indices, stepSize) =>
      void call('step')(offsetOf(net), offsetOf(images), offsetOf(labels), offsetOf(indices), stepSize),
    evaluate: (net, images, labels, count) =>
      void call('evaluate')(offsetOf(net), offsetOf(images), offsetOf(labels), count),
    peak: (net, rounds) => call('peak')(offsetOf(net), rounds),
    nonlinearities: (x, sigmoids, tanhs, count) =>
      void call('nonlinearities')(offsetOf(x), offsetOf(sigmoids), offsetOf(tanhs), count),
  };
}
