/** @file A thread of the wasm kernel: shares its memory, does its part of every job, ends when the network stops. */

import { parentPort, workerData } from 'node:worker_threads';

/** What wasm.ts hands over. */
export interface WasmThread {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Offset of the network's block. */
  readonly net: number;
  readonly part: number;
  /** End of this thread's own stack, which grows down; on a shared one threads would overwrite each other. */
  readonly stackEnd: number;
}

const { module, memory, net, part, stackEnd } = workerData as WasmThread;
const { exports } = new WebAssembly.Instance(module, { env: { memory } });
(exports.__stack_pointer as WebAssembly.Global).value = stackEnd;
parentPort?.postMessage('ready');
(exports.wnlstm_serve as (net: number, part: number) => void)(net, part); // blocks until the network stops
