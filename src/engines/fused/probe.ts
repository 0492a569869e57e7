/** @file A network without an engine, for benchmarks of the kernel itself. */

import type { ModelSpec } from '../../model/spec.js';
import type { Kernel } from './kernel.js';

/** The phases of a step, in order. A probe can stop after any of them. */
export const PHASES = ['forward', 'backward', 'weight gradients', 'update'] as const;

/** A network to time. */
export interface Probe {
  /** Runs the first `phases` phases of a step, on blank images. */
  step(): void;
  /**
   * Runs multiply-adds in registers on every thread: the peak of this machine.
   *
   * @returns the number of floating-point operations
   */
  peak(rounds: number): number;
  dispose(): void;
}

/** @param phases how many of PHASES a step runs */
export async function openProbe(
  kernel: Kernel,
  spec: ModelSpec,
  threads: number,
  phases: number = PHASES.length,
): Promise<Probe> {
  const { net, arrays } = kernel.allocate(
    { spec, threads, phases },
    {
      indices: new Uint8Array(4 * spec.batch),
      images: new Uint8Array(spec.timeSteps * spec.inputs),
      labels: new Uint8Array(1),
    },
  );
  kernel.packWeights(net);
  await kernel.start(net);
  return {
    step: () => kernel.step(net, arrays.images, arrays.labels, arrays.indices, 1e-3),
    peak: (rounds) => kernel.peak(net, rounds) * rounds * threads,
    dispose: () => kernel.stop(net),
  };
}
