/** @file The interface to a compiled kernel, native or WebAssembly; kernel/step.c implements its functions. */

import { usableCores } from '../../cores.js';
import type { ModelSpec } from '../../model/spec.js';

/** What `wnlstm_init` needs to know about a network. */
export interface NetworkOptions {
  readonly spec: ModelSpec;
  readonly threads: number;
  /** How many phases of a step run, for benchmarks; all 4 by default. */
  readonly phases?: number;
}

/**
 * A compiled kernel. Memory is passed as views: a native kernel gets their address, a WebAssembly kernel their offset.
 */
export interface Kernel {
  /** For example "native avx512". */
  readonly name: string;
  /** Byte offset of the sums of metrics in the block of a network, float64 `[6]`. */
  readonly metricsOffset: number;
  /** Byte offset of the result of `evaluate`: sums of the loss and of correct predictions, float64 `[2]`. */
  readonly evaluationOffset: number;
  /**
   * Allocates memory that the kernel can access.
   *
   * @param arrays bytes that the kernel reads or writes, by name
   * @returns the block of the network, zero except for its header, and the arrays or copies of them
   * @throws {UserError} E_BACKEND if there is not enough memory
   */
  allocate<Name extends string>(
    options: NetworkOptions,
    arrays: Readonly<Record<Name, Uint8Array>>,
  ): { net: Uint8Array; arrays: Readonly<Record<Name, Uint8Array>> };
  /** Byte offset in the block of a buffer of the LSTM's matrix (`lstm` 1) or the prediction layer's (0). */
  offset(net: Uint8Array, lstm: number, buffer: number): number;
  /** Row stride of that matrix, in floats. */
  stride(net: Uint8Array, lstm: number): number;
  /** Starts all threads except the caller's. */
  start(net: Uint8Array): Promise<void>;
  /** How many threads run, after `start`: fewer than asked for if the system refused some. */
  threads(net: Uint8Array): number;
  /** Ends the threads. */
  stop(net: Uint8Array): void;
  /** Computes the effective weights; must be called after writing parameters. */
  packWeights(net: Uint8Array): void;
  /** Runs a training step; `stepSize` is Adam's corrected step size, or the learning rate of SGD. */
  step(net: Uint8Array, images: Uint8Array, labels: Uint8Array, indices: Uint8Array, stepSize: number): void;
  /** Evaluates the first `count` examples. */
  evaluate(net: Uint8Array, images: Uint8Array, labels: Uint8Array, count: number): void;
  /** Runs rounds of multiply-adds on every thread; returns the operations of one round of one thread. */
  peak(net: Uint8Array, rounds: number): number;
  /** Computes sigmoid and tanh of floats, for the tests of kernel/math.h. */
  nonlinearities(x: Uint8Array, sigmoids: Uint8Array, tanhs: Uint8Array, count: number): void;
}

/** Numbers of the clip modes in kernel/formulas.h. */
export const CLIP_MODES = { norm: 1, 'global-norm': 2, value: 3 } as const;

/**
 * The arguments of `wnlstm_init` after the block.
 *
 * @param spins iterations before a waiting thread sleeps; 0 with more threads than cores, where spinning blocks others
 */
export function initArguments({ spec, threads, phases = 4 }: NetworkOptions, spins: number): number[] {
  return [
    spec.units,
    spec.inputs,
    spec.classes,
    spec.batch,
    spec.timeSteps,
    spec.model === 'wn' ? 1 : 0,
    spec.optimizer === 'adam' ? 1 : 0,
    spec.clip === null ? 0 : CLIP_MODES[spec.clipMode],
    spec.clip ?? 0,
    spec.forgetBias,
    threads,
    threads > usableCores() ? 0 : spins,
    phases,
  ];
}

/** The name of a kernel's vector width. */
export function vectorName(floats: number, arch: string): string {
  if (arch === 'arm64') return 'neon';
  return { 16: 'avx512', 8: 'avx2' }[floats] ?? `${floats} floats`;
}
