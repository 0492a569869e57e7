/** @file How likely so many pairs are to decide a comparison, were mean and deviation of their differences to stay. */
import jstat from 'jstat';
import { type Interval, studentQuantile } from './stats.js';

const { normal, gammaln } = jstat.jStat;

/** The chance with which a planned number of pairs is to decide. */
const POWER = 0.8;

/** Points at which the distribution of the sample's deviation is taken; the chances are right to 1e-4. */
const GRID = 400;

/** P(Z <= z); beyond 40 deviations it is 0 or 1, also for infinite z. */
const below = (z: number): number => normal.cdf(Math.max(-40, Math.min(40, z)), 0, 1);

/** Density of a chi-distributed number. */
const chiDensity = (x: number, degreesOfFreedom: number): number =>
  Math.exp(
    (1 - degreesOfFreedom / 2) * Math.LN2 +
      (degreesOfFreedom - 1) * Math.log(x) -
      (x * x) / 2 -
      gammaln(degreesOfFreedom / 2),
  );

/**
 * The chance that the t interval of a mean lies within a range.
 *
 * With sample mean d and deviation s independent of each other, it is that of `low + h <= d <= high - h`, where
 * `h = t s / √n`, averaged over the distribution of s. With a range from -margin to margin that is the power of two
 * one-sided tests; with one from 0 on, half of that of a two-sided t test.
 *
 * @param count number of values, at least 2
 * @param range either end may be infinite
 * @see Schuirmann 1987, "A comparison of the two one-sided tests procedure"; Phillips 1990
 */
export const chanceWithin = (
  mean: number,
  deviation: number,
  count: number,
  confidence: number,
  [low, high]: Interval,
): number => {
  if (deviation === 0) return Number(mean > low && mean < high);
  const freedom = count - 1;
  const error = deviation / Math.sqrt(count);
  const t = studentQuantile((1 + confidence) / 2, freedom);
  const first = Math.max(0, Math.sqrt(freedom) - 8);
  const width = (Math.sqrt(freedom) + 8 - first) / GRID;
  let chance = 0;
  for (let cell = 0; cell < GRID; cell++) {
    const x = first + (cell + 0.5) * width;
    const half = (t * error * x) / Math.sqrt(freedom);
    const inside = below((high - half - mean) / error) - below((low + half - mean) / error);
    if (inside > 0) chance += inside * chiDensity(x, freedom) * width;
  }
  return chance;
};

/**
 * The smallest count with a chance of at least 80 %.
 *
 * @param chanceOf of a count; grows with it
 * @param from the smallest count to consider
 * @param to the largest
 * @returns `Infinity` if it is above `to`
 */
export const countUntilLikely = (chanceOf: (count: number) => number, from: number, to: number): number => {
  if (chanceOf(to) < POWER) return Number.POSITIVE_INFINITY;
  let [low, high] = [from, to];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (chanceOf(middle) >= POWER) high = middle;
    else low = middle + 1;
  }
  return low;
};
