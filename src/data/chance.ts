/** @file What can be had by guessing, and what a split cannot show. */

import type { Dataset, Split } from './mnist.js';

/**
 * Whether an accuracy is no better than that of always answering the most frequent class: within two standard errors.
 *
 * @param accuracy a share, measured on the split
 */
export function isAtChance(accuracy: number, split: Split): boolean {
  const chance = Math.max(...countLabels(split).values()) / split.count;
  return accuracy <= chance + 2 * Math.sqrt((chance * (1 - chance)) / split.count);
}

function countLabels({ labels }: Split): Map<number, number> {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return counts;
}

/** Classes of the training split of which the validation split has no example, ascending. */
export function unvalidatedClasses({ train, validation }: Dataset): number[] {
  const validated = countLabels(validation);
  return [...countLabels(train).keys()].filter((label) => !validated.has(label)).sort((a, b) => a - b);
}
