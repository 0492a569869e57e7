/** @file One step on a tiny problem: whether an engine works at all, in milliseconds. */

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
 * Makes an engine and takes a step on it.
 *
 * @returns what it ran on
 * @throws if the engine does, or if the loss is not that of random weights
 */
export async function tryEngine(
  threads: number,
  create: (input: EngineInput) => Promise<Engine>,
): Promise<string> {
  const parameters = initialParameters(SPEC, 0, null);
  const engine = await create({ spec: SPEC, dataset: tinyDataset(), parameters, threads });
  engine.step(Int32Array.of(0, 1, 2, 3), 0.1);
  const { loss } = engine.drainMetrics();
  engine.dispose();
  if (!(Math.abs(loss - Math.log(SPEC.classes)) < 0.2)) {
    throw new Error(`a step gave the loss ${loss}, which cannot be`);
  }
  return engine.device;
}

/** A few examples of made-up pixels, enough to take a step. */
function tinyDataset(): Dataset {
  const split = {
    count: 4,
    images: Uint8Array.from({ length: 4 * 64 }, (_, at) => (at * 97) % 256),
    labels: Uint8Array.of(0, 1, 2, 3),
  };
  return { size: 8, classes: 4, train: split, validation: split, test: split, checksums: {} };
}
