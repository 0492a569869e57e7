/** @file Predicts the class of each example of a split, by asking a classifier about single labels. */

import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import type { Split } from '../data/mnist.js';
import type { Classifier } from '../engines/fused/classifier.js';

/** The prediction of a labelled example. */
export interface Prediction {
  /** The position of the example in its split, from 0. */
  readonly index: number;
  /** The true class. */
  readonly label: number;
  /** The predicted class. */
  readonly predicted: number;
  /** The probability of the predicted class. */
  readonly probability: number;
  /** Softmax cross entropy, -log of the probability of the true class. */
  readonly loss: number;
}

/** What a caller may follow and stop. */
export interface Watch {
  /** When aborted, the work ends with the signal's reason as an error. */
  readonly signal: AbortSignal;
  /** Receives the number of examples done, a few times per second. */
  readonly onProgress: (done: number) => void;
}

/** Examples between two turns of the event loop, in which signals arrive. */
const TURN = 128;

/**
 * Predicts every example of a split, in order. A correct prediction takes one forward pass, a wrong one up to a pass per class.
 *
 * @param classes number of classes of the model
 */
export async function predictSplit(
  classifier: Classifier,
  { count, images, labels }: Split,
  classes: number,
  { signal, onProgress }: Watch,
): Promise<Prediction[]> {
  const pixels = images.length / count;
  const predictions: Prediction[] = [];
  for (let index = 0; index < count; index++) {
    if (index % TURN === 0) {
      onProgress(index);
      await yieldToEventLoop();
      signal.throwIfAborted();
    }
    const image = images.subarray(index * pixels, (index + 1) * pixels);
    predictions.push({ index, ...predictExample(classifier, image, labels[index] ?? 0, classes) });
  }
  onProgress(count);
  return predictions;
}

function predictExample(
  classifier: Classifier,
  image: Uint8Array,
  label: number,
  classes: number,
): Omit<Prediction, 'index'> {
  const { loss, correct } = classifier.judge(image, label);
  if (correct) return { label, predicted: label, probability: Math.exp(-loss), loss };
  for (let predicted = 0; predicted < classes; predicted++) {
    if (predicted === label) continue;
    const other = classifier.judge(image, predicted);
    if (other.correct) return { label, predicted, probability: Math.exp(-other.loss), loss };
  }
  throw new Error('the classifier predicts no class');
}

/** A class and its probability. */
export interface Ranked {
  readonly label: number;
  readonly probability: number;
}

/**
 * The classes of an image and their probabilities.
 *
 * @param classes number of classes of the model
 * @returns `[classes]`: the predicted class first, then by falling probability, equally probable ones by their number
 */
export function rankClasses(classifier: Classifier, image: Uint8Array, classes: number): Ranked[] {
  const judged = Array.from({ length: classes }, (_, label) => ({
    label,
    ...classifier.judge(image, label),
  }));
  return judged
    .sort((a, b) => Number(b.correct) - Number(a.correct) || a.loss - b.loss || a.label - b.label)
    .map(({ label, loss }) => ({ label, probability: Math.exp(-loss) }));
}
