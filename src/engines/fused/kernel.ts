/** @file What the fused engine needs of a compiled kernel, native or wasm; see kernel/step.c for the calls. */

/**
 * A compiled kernel. Memory is passed as views: a native kernel takes their address, a wasm kernel their offset.
 */
export interface Kernel {
  /** Such as "native avx512". */
  readonly name: string;
  /** How often a waiting thread looks before it sleeps, for some tens of microseconds. */
  readonly spins: number;
  /**
   * Gets memory that the kernel can reach.
   *
   * @param header of the network, as `struct net` in kernel/net.h
   * @param arrays bytes that the kernel reads
   * @returns the network's block, zero but for the header, and the arrays: themselves, or copies where the kernel lives
   */
  allocate(header: Uint8Array, arrays: readonly Uint8Array[]): { net: Uint8Array; arrays: Uint8Array[] };
  /** Bytes from the start of the block to a slot of the LSTM's (1) or the prediction layer's (0) matrix. */
  offset(net: Uint8Array, lstm: number, slot: number): number;
  /** Floats from row to row of that matrix. */
  stride(net: Uint8Array, lstm: number): number;
  /** Starts the threads that the header asks for, but the caller's own. */
  start(net: Uint8Array): Promise<void>;
  /** Ends them. */
  stop(net: Uint8Array): void;
  /** To be called after parameters were written. */
  refresh(net: Uint8Array): void;
  step(net: Uint8Array, images: Uint8Array, labels: Uint8Array, indices: Uint8Array, rate: number): void;
  evaluate(net: Uint8Array, images: Uint8Array, labels: Uint8Array, count: number): void;
  /** Rounds of multiply-adds on every thread; returns the operations of one round of one thread. */
  peak(net: Uint8Array, rounds: number): number;
  /** Sigmoid and tanh of floats, for the tests of kernel/math.h. */
  nonlinearities(x: Uint8Array, sigmoids: Uint8Array, tangents: Uint8Array, count: number): void;
}

/** Index of `threads` among the 32-bit words of the header. */
export const THREADS_INDEX = 9;

/** How wide a kernel's vectors are, in words. */
export function vectorName(floats: number, arch: string): string {
  if (arch === 'arm64') return 'neon';
  return { 16: 'avx512', 8: 'avx2' }[floats] ?? `${floats} floats`;
}
