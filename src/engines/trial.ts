/** @file Tests in milliseconds whether an engine works: one step on a tiny problem. */

import type { Dataset } from '../data/mnist.js';
import { initialParameters, type ModelSpec } from '../model/spec.js';
import type { Engine, EngineInput } from './engine.js';

const SPEC: ModelSpec = {
  model: 'wn',
  units: 8,
  batch: 4,
  timeSteps: 8,
  inputs: 8,
  classes: 4,
  forgetBias: 1,
  optimizer: 'adam',
  clip: null,
  clipMode: 'norm',
};

/**
 * Creates an engine and runs one step.
 *
 * @returns the engine's device
 * @throws if the engine fails, or if the loss is not near that of random weights
 */
export async function tryEngine(
  threads: number,
  create: (input: EngineInput) => Promise<Engine>,
): Promise<string> {
  const parameters = initialParameters(SPEC, 0, null);
  const engine = await create({ spec: SPEC, dataset: tinyDataset(), parameters, threads });
  engine.step(Int32Array.of(0, 1, 2, 3), 0.1);
  const { loss } = await engine.drainMetrics();
  engine.dispose();
  if (!(Math.abs(loss - Math.log(SPEC.classes)) < 0.2)) {
    throw new Error(`expected a loss near ${Math.log(SPEC.classes).toFixed(2)} after one step, got ${loss}`);
  }
  return engine.device;
}

/** Four examples of synthetic pixels. */
function tinyDataset(): Dataset {
  const split = {
    count: 4,
    images: Uint8Array.from({ length: 4 * 64 }, (_, at) => (at * 97) % 256),
    labels: Uint8Array.of(0, 1, 2, 3),
  };
  return { size: 8, classes: 4, train: split, validation: split, test: split, checksums: {} };
}
