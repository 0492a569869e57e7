/** @file A network without an engine around it: for measuring the kernel itself. */

import type { ModelSpec } from '../../model/spec.js';
import { encodeHeader } from './engine.js';
import type { Kernel } from './kernel.js';

/** The parts of a step, in their order; a probe can stop after any of them. */
export const PHASES = ['forward', 'backward', 'weight gradients', 'update'] as const;

export interface Probe {
  /** The first `phases` phases of a step, on blank images. */
  step(): void;
  /**
   * Multiply-adds in registers on every thread: the most that this machine can do.
   *
   * @returns floating point operations done
   */
  peak(rounds: number): number;
  dispose(): void;
}

/** @param phases how many of PHASES a step does */
export async function openProbe(
  kernel: Kernel,
  spec: ModelSpec,
  threads: number,
  phases: number = PHASES.length,
): Promise<Probe> {
  const { net, arrays } = kernel.allocate(encodeHeader(spec, threads, kernel.spins, phases), [
    new Uint8Array(4 * spec.batch),
    new Uint8Array(spec.timeSteps * spec.inputs),
    new Uint8Array(1),
  ]);
  const [indices, images, labels] = arrays;
  kernel.refresh(net);
  await kernel.start(net);
  return {
    step: () => kernel.step(net, images, labels, indices, 1e-3),
    peak: (rounds) => kernel.peak(net, rounds) * rounds * threads,
    dispose: () => kernel.stop(net),
  };
}
