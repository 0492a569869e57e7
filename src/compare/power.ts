/** @file How likely a number of pairs is to decide a comparison, for a given mean and deviation of the differences. */

import jstat from 'jstat';
import { EXACT_PAIRS } from './sign-flip.js';
import { type Interval, studentQuantile } from './stats.js';

const { normal, gammaln } = jstat.jStat;

/** The chance with which a planned number of pairs is to decide. */
const POWER = 0.8;

/** Steps of Simpson's rule for each unit over which the integrand bends: chances are right to 1e-4. */
const STEPS = 5;
/** A chi-distributed number lies within this distance of the root of its degrees of freedom, but for 1e-9. */
const REACH = 6;

/**
 * The chance that a two-sided sign-flip test finds a difference, p < alpha, if the differences are normal.
 *
 * The p of n pairs is a multiple of 2 / 2^n. If alpha leaves room for the smallest p alone, the test finds a
 * difference where all pairs have one sign. Else it has about the power of the t test at the largest p below alpha: in
 * simulations at most 0.05 less with 8 pairs, 0.03 less with 9 or 10 and 0.01 less with 12 or more.
 *
 * @param count number of pairs, at least 2
 * @see Hoeffding 1952, "The large-sample power of tests based on permutations of observations"
 */
export function chanceOfDifference(mean: number, deviation: number, count: number, alpha: number): number {
  const vectors = 2 ** (count - 1);
  const rejecting = Math.ceil(alpha * vectors) - 1;
  if (rejecting < 1) return 0;
  if (deviation === 0) return Number(mean !== 0);
  if (rejecting === 1) {
    const positive = below(mean / deviation);
    return positive ** count + (1 - positive) ** count;
  }
  const confidence = 1 - (count > EXACT_PAIRS ? alpha : rejecting / vectors);
  return (
    chanceWithin(mean, deviation, count, confidence, [0, Number.POSITIVE_INFINITY]) +
    chanceWithin(mean, deviation, count, confidence, [Number.NEGATIVE_INFINITY, 0])
  );
}

/** P(Z <= z). */
function below(z: number): number {
  if (z > 40) return 1;
  return z < -40 ? 0 : normal.cdf(z, 0, 1);
}

/**
 * The chance that the t interval of a mean lies within a range.
 *
 * The sample's mean d and deviation s are independent. For a given s the chance is that of `low + h <= d <= high - h`
 * with `h = t s / √n`; this is averaged over the distribution of s. With a range from -margin to margin that is the
 * power of two one-sided tests, which depends on both margins; with one from 0 on, that of a one-sided t test.
 *
 * @param count number of values, at least 2
 * @param range either end may be infinite
 * @see Schuirmann 1987, "A comparison of the two one-sided tests procedure"; Phillips 1990, "Power of the two
 * one-sided tests procedure in bioequivalence", eq. 2
 */
export function chanceWithin(
  mean: number,
  deviation: number,
  count: number,
  confidence: number,
  [low, high]: Interval,
): number {
  if (deviation === 0) return Number(mean > low && mean < high);
  const freedom = count - 1;
  const error = deviation / Math.sqrt(count);
  // Half an interval, in standard errors, for each unit of the chi-distributed √(n - 1) s / σ.
  const half = studentQuantile((1 + confidence) / 2, freedom) / Math.sqrt(freedom);
  const [lowest, highest] = [(low - mean) / error, (high - mean) / error];
  const from = Math.max(0, Math.sqrt(freedom) - REACH);
  // Above that deviation the interval is wider than the range.
  const to = Math.min(Math.sqrt(freedom) + REACH, (highest - lowest) / (2 * half));
  if (to <= from) return 0;
  const density = chiDensity(freedom);
  const chanceAt = (x: number): number => density(x) * (below(highest - half * x) - below(lowest + half * x));
  // With few values t is large, and the second factor bends within 1 / half.
  return integrate(chanceAt, from, to, 2 * Math.ceil((STEPS / 2) * (to - from) * Math.max(1, half)));
}

/** The density of a chi-distributed number; what depends on the degrees of freedom alone is computed once. */
function chiDensity(freedom: number): (x: number) => number {
  const constant = (1 - freedom / 2) * Math.LN2 - gammaln(freedom / 2);
  // The power is taken in logarithms: with 1000 degrees of freedom it is beyond the largest float.
  return (x) => Math.exp(constant + (freedom - 1) * Math.log(x || Number.MIN_VALUE) - (x * x) / 2);
}

/** Integrates a smooth function by Simpson's rule, `steps` an even number. */
function integrate(f: (x: number) => number, from: number, to: number, steps: number): number {
  const width = (to - from) / steps;
  let sum = f(from) + f(to);
  for (let step = 1; step < steps; step++) sum += (step % 2 === 1 ? 4 : 2) * f(from + step * width);
  return (sum * width) / 3;
}

/**
 * The smallest count with a chance of at least 80 %.
 *
 * @param chanceOf of a count; grows with it
 * @param from the smallest count to consider
 * @param to the largest
 * @returns `Infinity` if it is above `to`
 */
export function countUntilLikely(chanceOf: (count: number) => number, from: number, to: number): number {
  if (from > to || chanceOf(to) < POWER) return Number.POSITIVE_INFINITY;
  let [low, high] = [from, to];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (chanceOf(middle) >= POWER) high = middle;
    else low = middle + 1;
  }
  return low;
}
