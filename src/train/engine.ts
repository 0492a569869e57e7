/** @file Creates the engine of a run from its config. */

import type { Config } from '../config.js';
import { usableCores } from '../cores.js';
import type { Dataset } from '../data/mnist.js';
import type { Engine } from '../engines/engine.js';
import { type Choice, createEngine } from '../engines/select.js';
import { initialParameters } from '../model/spec.js';

/**
 * An engine for a run, holding the run's initial parameters.
 *
 * @param lanes the number of runs that share the GPU at the same time
 */
export function openEngine(config: Config, dataset: Dataset, choice: Choice, lanes = 1): Promise<Engine> {
  const spec = { ...config, timeSteps: dataset.size, inputs: dataset.size, classes: dataset.classes };
  const parameters = initialParameters(spec, config.seed, config.columnNorm);
  const input = { spec, dataset, parameters, threads: threadsOf(config), lanes };
  return createEngine(choice.backend, input, choice.device);
}

/** The number of threads that a run uses. */
export function threadsOf({ threads }: Pick<Config, 'threads'>): number {
  return threads ?? usableCores();
}
