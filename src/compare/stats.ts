/** @file Statistics of paired differences: t interval, effect size, and Holm's correction for several tests. */

import jstat from 'jstat';

const { studentt } = jstat.jStat;

/** An interval, lower end first. */
export type Interval = readonly [low: number, high: number];

/** Relative size of differences that are treated as rounding errors; accuracies, which are counts, differ by more. */
export const ROUNDING = 1e-9;

/**
 * The paired t interval: Student's t interval of the mean of differences.
 *
 * @param values two or more
 * @param confidence such as 0.95
 * @see https://en.wikipedia.org/wiki/Student%27s_t-test#Dependent_t-test_for_paired_samples
 */
export function tInterval(values: readonly number[], confidence: number): Interval {
  const t = studentQuantile((1 + confidence) / 2, values.length - 1);
  const half = (t * standardDeviation(values)) / Math.sqrt(values.length);
  return [mean(values) - half, mean(values) + half];
}

/** The quantile of Student's t distribution, to a relative error of 1e-7. */
export function studentQuantile(probability: number, degreesOfFreedom: number): number {
  return studentt.inv(probability, degreesOfFreedom);
}

/**
 * The effect size d_z: Cohen's d of paired differences (mean over standard deviation), times Hedges' correction J for
 * small samples. Without J, eight pairs overstate the effect by an eighth.
 *
 * @returns null below three pairs, or if all differences are equal
 * @see Hedges 1981, "Distribution theory for Glass's estimator of effect size"; Lakens 2013, "Calculating and reporting
 * effect sizes"
 */
export function effectSize(differences: readonly number[]): number | null {
  const deviation = standardDeviation(differences);
  if (differences.length < 3 || deviation === 0) return null;
  const correction = 1 - 3 / (4 * (differences.length - 1) - 1);
  return (correction * mean(differences)) / deviation;
}

/**
 * Holm's step-down adjustment of p-values. Rejecting where the adjusted p is below α keeps the family-wise error rate
 * below α.
 *
 * @param values the p of every test of the family; 1 for a test that is not possible
 * @returns adjusted p-values in the same order
 * @see Holm 1979, "A simple sequentially rejective multiple test procedure"
 */
export function holm(values: readonly number[]): number[] {
  const ascending = values.map((p, index) => ({ p, index })).sort((a, b) => a.p - b.p);
  const adjusted = values.map(() => 1);
  let largest = 0;
  for (const [rank, { p, index }] of ascending.entries()) {
    largest = Math.max(largest, Math.min(1, (values.length - rank) * p));
    adjusted[index] = largest;
  }
  return adjusted;
}

/** The standard deviation of a sample (divisor n - 1): NaN below two values, 0 if they differ only by rounding. */
export function standardDeviation(values: readonly number[]): number {
  if (values.length < 2) return Number.NaN;
  const centre = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  const deviation = Math.sqrt(squares / (values.length - 1));
  return deviation <= ROUNDING * Math.max(...values.map(Math.abs)) ? 0 : deviation;
}

/** The arithmetic mean; NaN for no values. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The median, where `Infinity` is the largest value; NaN for no values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.slice(Math.ceil(sorted.length / 2) - 1, Math.floor(sorted.length / 2) + 1);
  return mean(middle);
}
