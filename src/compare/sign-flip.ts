/**
 * @file The sign-flip permutation test of paired differences. Under the null hypothesis the sign of each difference is
 * arbitrary. The test assumes no distribution, so it is valid for any number of seeds.
 */

import { rng } from '../rng.js';
import { ROUNDING } from './stats.js';

/** Up to this number of non-zero differences, the test enumerates all sign vectors. */
export const EXACT_PAIRS = 20;
/** The number of random sign vectors for more differences. */
export const SAMPLES = 100_000;

/** The outcome of the test. */
export interface SignFlip {
  /** Two-sided p. */
  readonly p: number;
  readonly method: 'exact' | 'sampled';
}

/**
 * Tests whether the mean of paired differences is 0: p is the fraction of all sign vectors that move the mean at least
 * as far from 0 as observed.
 *
 * Above `EXACT_PAIRS` differences, p is estimated from random vectors as `(count + 1) / (samples + 1)`. The vectors are
 * the same in every call, so p is reproducible.
 *
 * @see Fisher 1935, "The Design of Experiments", section 21; Phipson & Smyth 2010, "Permutation p-values should never
 * be zero"
 */
export function signFlip(differences: readonly number[]): SignFlip {
  const values = nonZero(differences);
  if (values.length === 0) return { p: 1, method: 'exact' };
  const size = values.reduce((sum, value) => sum + Math.abs(value), 0);
  const limit = Math.abs(values.reduce((sum, value) => sum + value, 0)) - ROUNDING * size;
  if (values.length > EXACT_PAIRS)
    return { p: (sampleExtreme(values, limit) + 1) / (SAMPLES + 1), method: 'sampled' };
  // Flipping every sign keeps the distance from 0, so half of the vectors are enough.
  return { p: countExtreme(values, limit) / 2 ** (values.length - 1), method: 'exact' };
}

/** A difference of 0 is the same with either sign, so leaving it out does not change p. */
function nonZero(differences: readonly number[]): readonly number[] {
  return differences.filter((difference) => difference !== 0);
}

function sampleExtreme(values: readonly number[], limit: number): number {
  const random = rng(0, 'sign-flip');
  let extreme = 0;
  for (let sample = 0; sample < SAMPLES; sample++) {
    let bits = 0;
    let sum = 0;
    for (const [index, value] of values.entries()) {
      if (index % 32 === 0) bits = random.uint32();
      sum += bits & 1 ? value : -value;
      bits >>>= 1;
    }
    if (Math.abs(sum) >= limit) extreme++;
  }
  return extreme;
}

/** Counts the sign vectors with first sign + whose sum is at least `limit` away from 0. */
function countExtreme([first = 0, ...rest]: readonly number[], limit: number): number {
  const count = (index: number, sum: number): number => {
    const value = rest[index];
    if (value === undefined) return Number(Math.abs(sum) >= limit);
    return count(index + 1, sum + value) + count(index + 1, sum - value);
  };
  return count(0, first);
}

/** The smallest p that is possible with these differences: 2 / 2^n for n that are not 0. */
export function smallestP(differences: readonly number[]): number {
  const count = nonZero(differences).length;
  if (count > EXACT_PAIRS) return Math.max(2 ** (1 - count), 1 / (SAMPLES + 1));
  return count === 0 ? 1 : 2 ** (1 - count);
}

/** The smallest number of non-zero differences with which every test of a family can have p < alpha after Holm. */
export function pairsNeeded(family: number, alpha: number): number {
  return Math.floor(Math.log2((2 * family) / alpha)) + 1;
}
