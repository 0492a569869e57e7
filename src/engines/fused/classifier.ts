/** @file Classifies single images with the fused kernel: the loss of an image under any label, in the arithmetic of training. */

import type { ModelSpec } from '../../model/spec.js';
import type { TrainingState } from '../../model/state.js';
import { arrayIn } from '../engine.js';
import { mapTensors } from './engine.js';
import type { Kernel } from './kernel.js';

/** The result of an image under a label. */
export interface Judgement {
  /** Softmax cross entropy, -log of the label's probability: the value that an evaluation sums. */
  readonly loss: number;
  /** Whether the model predicts the label. Of equal scores, the first is the prediction. */
  readonly correct: boolean;
}

/** A model with fixed weights. */
export interface Classifier {
  /** The device, for example "native avx512". */
  readonly device: string;
  /**
   * Computes an image. Rows of a batch are computed independently, so this gives the bits of an evaluation of the whole split.
   *
   * @param image pixels 0 to 255, `[timeSteps * inputs]`
   */
  judge(image: Uint8Array, label: number): Judgement;
  /** Frees all resources; the classifier cannot be used afterwards. */
  dispose(): void;
}

/** The part of a spec that the outputs depend on. */
export type Architecture = Pick<
  ModelSpec,
  'model' | 'units' | 'timeSteps' | 'inputs' | 'classes' | 'forgetBias'
>;

/**
 * Makes a classifier on a kernel, which it then owns.
 *
 * @param state parameters by name; other arrays are ignored
 * @throws {UserError} E_CHECKPOINT if a parameter is missing or has another shape
 */
export async function createClassifier(
  kernel: Kernel,
  architecture: Architecture,
  state: TrainingState,
): Promise<Classifier> {
  const spec: ModelSpec = { ...architecture, batch: 1, optimizer: 'sgd', clip: null, clipMode: 'norm' };
  const { net, arrays } = kernel.allocate(
    { spec, threads: 1 },
    {
      image: new Uint8Array(spec.timeSteps * spec.inputs),
      labels: Uint8Array.from({ length: spec.classes }, (_, label) => label),
    },
  );
  for (const { name, shape, columns, rows } of mapTensors(kernel, net, spec)) {
    const { data } = arrayIn(state, name, shape);
    for (const [index, row] of rows.entries()) row.set(data.subarray(index * columns, (index + 1) * columns));
  }
  kernel.packWeights(net);
  await kernel.start(net);
  const evaluation = new Float64Array(net.buffer, net.byteOffset + kernel.evaluationOffset, 2);
  return {
    device: kernel.name,
    judge: (image, label) => {
      arrays.image.set(image);
      kernel.evaluate(net, arrays.image, arrays.labels.subarray(label, label + 1), 1);
      const [loss = Number.NaN, correct = 0] = evaluation;
      return { loss, correct: correct === 1 };
    },
    dispose: () => kernel.stop(net),
  };
}
