/** @file Scores of a set of predictions: loss, accuracy, the confusion matrix, precision and recall. */

import type { Prediction } from './predictions.js';
import { wilsonInterval } from './wilson.js';

/** The scores of a class. */
export interface ClassScores {
  readonly label: number;
  /** Examples of this class. */
  readonly count: number;
  /** Examples that were predicted as this class. */
  readonly predicted: number;
  /** The fraction of `predicted` that is of this class; null if nothing was predicted as it. */
  readonly precision: number | null;
  /** The fraction of `count` that was predicted as this class; null if there is no example of it. */
  readonly recall: number | null;
}

/** The scores of predictions. */
export interface Scores {
  readonly count: number;
  readonly correct: number;
  /** Mean loss. */
  readonly loss: number;
  /** Fraction of correct predictions. */
  readonly accuracy: number;
  /** The 95 % interval of the accuracy by Wilson's method, fractions. */
  readonly interval: readonly [low: number, high: number];
  /** Numbers of examples, `[true class][predicted class]`. */
  readonly confusion: readonly (readonly number[])[];
  readonly classes: readonly ClassScores[];
}

/**
 * Scores predictions, with the definitions of scikit-learn, except that an undefined precision or recall is null, not 0.
 *
 * The loss is summed from the first example to the last in float64, as the kernel does, so that it is the loss of training
 * to the last bit.
 *
 * @param predictions at least one
 * @param classes number of classes of the model
 */
export function scoresOf(predictions: readonly Prediction[], classes: number): Scores {
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  let loss = 0;
  for (const { label, predicted, loss: one } of predictions) {
    loss += one;
    const row = confusion[label];
    if (row) row[predicted] = (row[predicted] ?? 0) + 1;
  }
  const count = predictions.length;
  const at = (label: number, predicted: number): number => confusion[label]?.[predicted] ?? 0;
  const labels = confusion.map((_, label) => label);
  const correct = sum(labels.map((label) => at(label, label)));
  return {
    count,
    correct,
    loss: loss / count,
    accuracy: correct / count,
    interval: wilsonInterval(correct, count),
    confusion,
    classes: labels.map((label) => {
      const ofClass = sum(confusion[label] ?? []);
      const predicted = sum(labels.map((other) => at(other, label)));
      return {
        label,
        count: ofClass,
        predicted,
        precision: predicted === 0 ? null : at(label, label) / predicted,
        recall: ofClass === 0 ? null : at(label, label) / ofClass,
      };
    }),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

/** The wrong predictions, the most confident first; of equally confident ones, the first example first. */
export function mostConfidentMistakes(predictions: readonly Prediction[], most: number): Prediction[] {
  return predictions
    .filter(({ label, predicted }) => label !== predicted)
    .sort((a, b) => b.probability - a.probability || a.index - b.index)
    .slice(0, most);
}

/**
 * How strongly each cell of a confusion matrix is shaded, 0 to 1: right predictions by their fraction of the class, wrong ones by
 * the square root of their number relative to the most frequent confusion, so that rare confusions are visible too.
 */
export function shadesOf(confusion: Scores['confusion']): number[][] {
  const most = confusion.reduce(
    (largest, row, label) => row.reduce((a, b, other) => (other === label ? a : Math.max(a, b)), largest),
    0,
  );
  return confusion.map((row, label) => {
    const total = sum(row);
    return row.map((count, other) => {
      if (count === 0) return 0;
      return label === other ? count / total : Math.sqrt(count / most);
    });
  });
}
