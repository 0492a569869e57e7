/** @file Opens the model of a run for evaluation: its weights on the kernel of this machine. */

import { type Architecture, type Classifier, createClassifier } from '../engines/fused/classifier.js';
import { chooseBackend, createKernel } from '../engines/select.js';
import { UserError } from '../errors.js';
import type { FoundRun } from '../runs/reading.js';
import { architectureOf, readWeights, type Weights, type Which } from './weights.js';

/** A run's model. */
export interface Model {
  readonly weights: Weights;
  readonly architecture: Architecture;
  readonly classifier: Classifier;
  /** Whether the classifier computes with the arithmetic of the run, so that its results are those of training to the last bit. */
  readonly isExact: boolean;
}

/**
 * Opens a model, on the CPU. The kernel computes every run, whatever backend trained it: a run of tensorflow or js is evaluated
 * in the kernel's arithmetic, which agrees with theirs within rounding.
 *
 * @throws {UserError} E_CHECKPOINT if the checkpoint is missing or damaged; E_RUN if its weights are not finite
 */
export async function openModel(run: FoundRun, which: Which): Promise<Model> {
  const weights = readWeights(run, which);
  const architecture = architectureOf(run, weights);
  for (const name of weights.state.keys()) {
    if (!/^(lstm|pred)\//.test(name) || weights.state.get(name)?.data.every(Number.isFinite)) continue;
    throw new UserError(
      'E_RUN',
      `${run.record.run_id}: expected finite weights at step ${weights.step}, got infinite or NaN values in ${name}.`,
      {
        hint: 'The run diverged. Use earlier weights with `--checkpoint best`, or those of an earlier step.',
      },
    );
  }
  const choice = await chooseBackend({ backend: 'auto', device: 'cpu' });
  const kernel = await createKernel(choice.backend === 'native' ? 'native' : 'wasm');
  return {
    weights,
    architecture,
    classifier: await createClassifier(kernel, architecture, weights.state),
    isExact: run.record.arithmetic === choice.arithmetic,
  };
}
