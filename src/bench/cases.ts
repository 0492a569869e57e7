/** @file What the benchmark times: cases, their work in floating point operations, and data for them. */

import type { Dataset } from '../data/mnist.js';
import type { Backend } from '../engines/select.js';
import type { RecurrenceName } from '../engines/tensorflow/probe.js';
import type { ModelSpec } from '../model/spec.js';
import { rng } from '../rng.js';

/** One thing to time: a training step of this shape there. */
export interface Case {
  readonly backend: Backend;
  readonly device: 'cpu' | 'cuda';
  /** Forces one on the tensorflow backend. */
  readonly recurrence?: RecurrenceName;
  readonly model: ModelSpec['model'];
  readonly threads: number;
  readonly units: number;
  readonly batch: number;
  readonly timeSteps: number;
  readonly inputs: number;
}

/** The article's shape. */
export const ARTICLE = { units: 100, batch: 64, timeSteps: 28, inputs: 28 } as const;

const CLASSES = 10;
const EXAMPLES = 1024;

/** How the time goes with units, batch and time steps: one of them varied at a time. */
export const SCALING_SHAPES = [
  ...[32, 64, 128, 256, 512].map((units) => ({ ...ARTICLE, units })),
  ...[16, 128, 256, 1024].map((batch) => ({ ...ARTICLE, batch })),
  { ...ARTICLE, timeSteps: 784, inputs: 1 },
];

/** Multiplications and additions of the three products of a step; the rest is below a percent of it. */
export function flopsOf({ units, batch, timeSteps, inputs }: Case): number {
  const timesInputs = 2 * timeSteps * inputs; // forward, weight gradient
  const timesHidden = 3 * (timeSteps - 1) * units; // and the gradient of h; h is 0 at the first time step
  return 2 * batch * 4 * units * (timesInputs + timesHidden);
}

/**
 * All combinations, in order. TensorFlow keeps the number of threads that it was started with, so on it the largest
 * alone is there.
 *
 * @param device of the tensorflow backend; the others compute on the CPU
 */
export function combine(
  backends: readonly Backend[],
  device: Case['device'],
  models: readonly Case['model'][],
  threads: readonly number[],
  shapes: readonly Pick<Case, 'units' | 'batch' | 'timeSteps' | 'inputs'>[],
): Case[] {
  return shapes.flatMap((shape) =>
    backends.flatMap((backend) =>
      models.flatMap((model) =>
        (backend === 'tensorflow' ? [Math.max(...threads)] : threads).map((count) => ({
          backend,
          device: backend === 'tensorflow' ? device : ('cpu' as const),
          model,
          threads: count,
          ...shape,
        })),
      ),
    ),
  );
}

export function specOf({ model, units, batch, timeSteps, inputs }: Case): ModelSpec {
  return {
    model,
    units,
    batch,
    timeSteps,
    inputs,
    classes: CLASSES,
    forgetBias: 1,
    optimizer: 'adam',
    clip: 0.5,
    clipMode: 'norm',
  };
}

/** Random images, a fifth of them bright as in MNIST: the time does not depend on what they show. */
export function syntheticDataset({ timeSteps, inputs }: Case, count = EXAMPLES): Dataset {
  const random = rng(0, 'benchmark');
  const images = Uint8Array.from({ length: count * timeSteps * inputs }, () =>
    random.below(5) === 0 ? random.below(256) : 0,
  );
  const split = { count, images, labels: Uint8Array.from({ length: count }, () => random.below(CLASSES)) };
  return { size: timeSteps, classes: CLASSES, train: split, validation: split, test: split, checksums: {} };
}

/** The examples of a step: any will do. */
export function indicesOf({ batch }: Case, step: number): Int32Array {
  return Int32Array.from({ length: batch }, (_, row) => (step * 31 + row * 7) % EXAMPLES);
}
