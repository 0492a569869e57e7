/** @file A worker thread of the WebAssembly kernel. It shares the kernel's memory and ends when the network stops. */

import { parentPort, workerData } from 'node:worker_threads';

/** The worker data, from wasm.ts. */
export interface WasmThread {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Offset of the block of the network. */
  readonly net: number;
  /** Number of this thread, from 1. */
  readonly thread: number;
  /** End of the stack of this thread, which grows down. Threads must not share a stack. */
  readonly stackEnd: number;
}

const { module, memory, net, thread, stackEnd } = workerData as WasmThread;
const { exports } = new WebAssembly.Instance(module, { env: { memory } });
(exports.__stack_pointer as WebAssembly.Global).value = stackEnd;
parentPort?.postMessage('ready');
(exports.wnlstm_worker as (net: number, thread: number) => void)(net, thread); // blocks until the network stops
