/** @file The cases of the benchmark, their number of floating point operations, and synthetic data. */

import type { Backend } from '../config.js';
import type { Dataset } from '../data/mnist.js';
import type { RecurrenceName } from '../engines/tensorflow/probe.js';
import type { ModelSpec } from '../model/spec.js';
import { rng } from '../rng.js';

/** A training step to time: its backend, model and shape. */
export interface Case {
  readonly backend: Backend;
  readonly device: 'cpu' | 'cuda';
  /** Forces an implementation of the LSTM in the tensorflow backend. */
  readonly recurrence?: RecurrenceName;
  readonly model: ModelSpec['model'];
  readonly threads: number;
  readonly units: number;
  readonly batch: number;
  readonly timeSteps: number;
  readonly inputs: number;
}

/** The shape in the article. */
export const ARTICLE = { units: 100, batch: 64, timeSteps: 28, inputs: 28 } as const;

const CLASSES = 10;
const EXAMPLES = 1024;

/** Shapes that vary one of units, batch and time steps at a time. */
export const SCALING_SHAPES = [
  ...[32, 64, 128, 256, 512].map((units) => ({ ...ARTICLE, units })),
  ...[16, 128, 256, 1024].map((batch) => ({ ...ARTICLE, batch })),
  { ...ARTICLE, timeSteps: 784, inputs: 1 },
];

/** The number of multiplications and additions in the matrix products of a step. All other operations are below one percent. */
export function flopsOf({ units, batch, timeSteps, inputs }: Case): number {
  const timesInputs = 2 * timeSteps * inputs; // forward, weight gradient
  const timesHidden = 3 * (timeSteps - 1) * units; // and the gradient of h; h is 0 at the first time step
  return 2 * batch * 4 * units * (timesInputs + timesHidden);
}

/** The device of a backend, if tensorflow has the given one. */
export function deviceOf(backend: Backend, device: Case['device']): Case['device'] {
  if (backend === 'tensorflow') return device;
  return backend === 'cuda' ? 'cuda' : 'cpu';
}

/**
 * All combinations of the arguments, in order. TensorFlow, which cannot change its number of threads after it has started, and
 * cuda, which computes on none, get only the largest number.
 *
 * @param device the device of the tensorflow backend
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
        (backend === 'tensorflow' || backend === 'cuda' ? [Math.max(...threads)] : threads).map((count) => ({
          backend,
          device: deviceOf(backend, device),
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

/** Random images in which a fifth of the pixels is bright, as in MNIST. The time of a step does not depend on the content. */
export function syntheticDataset({ timeSteps, inputs }: Case, count = EXAMPLES): Dataset {
  const random = rng(0, 'benchmark');
  const images = Uint8Array.from({ length: count * timeSteps * inputs }, () =>
    random.below(5) === 0 ? random.below(256) : 0,
  );
  const split = { count, images, labels: Uint8Array.from({ length: count }, () => random.below(CLASSES)) };
  return { size: timeSteps, classes: CLASSES, train: split, validation: split, test: split, checksums: {} };
}

/** Arbitrary examples for a step. */
export function indicesOf({ batch }: Case, step: number): Int32Array {
  return Int32Array.from({ length: batch }, (_, row) => (step * 31 + row * 7) % EXAMPLES);
}
