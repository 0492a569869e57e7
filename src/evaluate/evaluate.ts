/** @file Evaluates a model on a split: predictions and scores, and whether they are those that the run recorded. */

import { readDataset, type Split } from '../data/mnist.js';
import { UserError } from '../errors.js';
import type { FoundRun } from '../runs/reading.js';
import type { Model } from './model.js';
import { type Prediction, predictSplit, type Watch } from './predictions.js';
import { type Scores, scoresOf } from './scores.js';
import type { Weights } from './weights.js';

/** The names of the splits, in the order of help. */
export const SPLITS = ['test', 'validation', 'train'] as const;
export type SplitName = (typeof SPLITS)[number];

/** The data to evaluate on. */
export interface EvaluationData {
  /** The folder; null for the bundled MNIST. */
  readonly directory: string | null;
  readonly name: SplitName;
  readonly split: Split;
  /** The file that differs from the one that the run was trained with; null if all are the same. */
  readonly changed: string | null;
}

/** The evaluation of a model. */
export interface Evaluation {
  readonly run: FoundRun;
  readonly weights: Weights;
  readonly device: string;
  readonly data: EvaluationData;
  readonly predictions: readonly Prediction[];
  readonly scores: Scores;
  /** Whether loss and accuracy are those that the run recorded, to the last bit; null if it recorded none for these weights and data. */
  readonly isRecorded: boolean | null;
}

/**
 * Reads the data.
 *
 * @param directory folder of other data; undefined for the data of the run
 * @throws {UserError} E_DATA if the images have another size than the model's, or another number of classes
 */
export function readEvaluationData(
  run: FoundRun,
  { architecture: { inputs, classes } }: Model,
  name: SplitName,
  directory: string | undefined,
): EvaluationData {
  const folder = directory ?? run.config.data;
  const dataset = readDataset(folder);
  const where = folder ?? 'The bundled MNIST';
  const problem = (expected: string, got: string): UserError =>
    new UserError('E_DATA', `${where}: expected ${expected} as in ${run.record.run_id}, got ${got}.`, {
      hint: 'A model can be evaluated only on images of the size, and with the classes, that it was trained with.',
    });
  if (dataset.size !== inputs)
    throw problem(`images of ${inputs} x ${inputs} pixels`, `${dataset.size} x ${dataset.size}`);
  if (dataset.classes !== classes) throw problem(`${classes} classes`, String(dataset.classes));
  const { checksums } = run.record.data;
  const changed = Object.keys(checksums).find((file) => dataset.checksums[file] !== checksums[file]) ?? null;
  return { directory: folder, name, split: dataset[name], changed };
}

/** Evaluates a model; `watch` can follow and stop it. */
export async function evaluateModel(
  run: FoundRun,
  { classifier, architecture, weights }: Model,
  data: EvaluationData,
  watch: Watch,
): Promise<Evaluation> {
  const predictions = await predictSplit(classifier, data.split, architecture.classes, watch);
  const scores = scoresOf(predictions, architecture.classes);
  const recorded = data.changed === null ? recordedResult(run, weights, data.name) : null;
  const isRecorded = recorded && recorded.loss === scores.loss && recorded.accuracy === scores.accuracy;
  return { run, weights, device: classifier.device, data, predictions, scores, isRecorded };
}

/** The loss and accuracy that a run recorded for weights on a split of its data; null if it recorded none. */
function recordedResult(
  { summary }: FoundRun,
  { isFinal, isBest, validation }: Weights,
  split: SplitName,
): { loss: number; accuracy: number } | null {
  if (split === 'train') return null;
  if (split === 'validation') {
    return validation ?? (isFinal ? pair(summary?.val_loss, summary?.val_accuracy) : null);
  }
  if (isFinal) return pair(summary?.test_loss, summary?.test_accuracy);
  return isBest ? pair(summary?.best_test_loss, summary?.best_test_accuracy) : null;
}

function pair(loss: number | null | undefined, accuracy: number | null | undefined) {
  return loss == null || accuracy == null ? null : { loss, accuracy };
}
