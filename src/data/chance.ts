/** @file The chance level of a split, and classes that a split cannot measure. */

import type { Dataset, Split } from './mnist.js';

/**
 * Whether an accuracy is at chance level: at most two standard errors above always predicting the most frequent class.
 *
 * @param accuracy fraction of correct predictions on the split
 */
export function isAtChance(accuracy: number, split: Split): boolean {
  const chanceLevel = Math.max(...countLabels(split).values()) / split.count;
  return accuracy <= chanceLevel + 2 * Math.sqrt((chanceLevel * (1 - chanceLevel)) / split.count);
}

function countLabels({ labels }: Split): Map<number, number> {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return counts;
}

/** Classes of the training split without an example in the validation split, ascending. */
export function unvalidatedClasses({ train, validation }: Dataset): number[] {
  const validated = countLabels(validation);
  return [...countLabels(train).keys()].filter((label) => !validated.has(label)).sort((a, b) => a - b);
}
