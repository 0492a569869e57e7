/** @file Statistics of paired differences: what compare says of seeds rests on these few functions. */

import jstat from 'jstat';

const { studentt } = jstat.jStat;

/** An interval, low end first. */
export type Interval = readonly [number, number];

/** What is taken for rounding, relative to the values: accuracies are counts, so none differ by so little. */
export const ROUNDING = 1e-9;

/** The middle value, or the mean of the two in the middle; `Infinity` counts as the largest. NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = Math.floor(sorted.length / 2);
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[upper] : (sorted[upper - 1] + sorted[upper]) / 2;
}

/**
 * Student's t interval of the mean.
 *
 * @param values two or more
 * @param confidence such as 0.95
 */
export function tInterval(values: readonly number[], confidence: number): Interval {
  const t = studentQuantile((1 + confidence) / 2, values.length - 1);
  const half = (t * standardDeviation(values)) / Math.sqrt(values.length);
  return [mean(values) - half, mean(values) + half];
}

/** Student's t below which a share of the distribution lies, to a relative 1e-7. */
export function studentQuantile(probability: number, degreesOfFreedom: number): number {
  return studentt.inv(probability, degreesOfFreedom);
}

/**
 * Cohen's d of paired differences, their mean over their standard deviation, times Hedges' J: without it eight pairs
 * overstate the effect by an eighth.
 *
 * @returns null where it says nothing: below three pairs, or if all differences are equal
 * @see Hedges 1981; Lakens 2013, "Calculating and reporting effect sizes"
 */
export function effectSize(differences: readonly number[]): number | null {
  const deviation = standardDeviation(differences);
  if (differences.length < 3 || deviation === 0) return null;
  const correction = 1 - 3 / (4 * (differences.length - 1) - 1);
  return (correction * mean(differences)) / deviation;
}

/** Standard deviation of a sample, over n - 1; NaN below two values, 0 if they differ by rounding only. */
export function standardDeviation(values: readonly number[]): number {
  if (values.length < 2) return Number.NaN;
  const centre = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  const deviation = Math.sqrt(squares / (values.length - 1));
  return deviation <= ROUNDING * Math.max(...values.map(Math.abs)) ? 0 : deviation;
}

/** The arithmetic mean; NaN of nothing. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * Holm's adjustment: rejecting where the result is below α keeps the chance of any false rejection below α.
 *
 * @param values p of every member of the family; of one that cannot be tested, 1
 * @returns adjusted values in the same order
 * @see Holm 1979, "A simple sequentially rejective multiple test procedure"
 */
export function holm(values: readonly number[]): number[] {
  const order = values.map((_, index) => index).sort((a, b) => values[a] - values[b]);
  const adjusted = new Array<number>(values.length);
  let largest = 0;
  for (const [rank, index] of order.entries()) {
    largest = Math.max(largest, Math.min(1, (values.length - rank) * values[index]));
    adjusted[index] = largest;
  }
  return adjusted;
}
