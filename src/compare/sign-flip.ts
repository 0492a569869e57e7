/**
 * @file The sign-flip test of paired differences: if two arms do not differ, each pair could as well have come out the
 * other way round. It assumes no distribution, so it holds at any number of seeds.
 */

import { rng } from '../rng.js';
import { ROUNDING } from './stats.js';

/** Up to so many pairs that differ all sign vectors are counted. */
export const EXACT_PAIRS = 20;
/** How many sign vectors are drawn above that. */
export const SAMPLES = 100_000;

/** The outcome of the test. */
export interface SignFlip {
  /** Two-sided. */
  readonly p: number;
  readonly method: 'exact' | 'sampled';
}

/**
 * Tests whether the mean of paired differences is 0: the share of all sign vectors whose mean is at least as far
 * from 0, ties included.
 *
 * Above `EXACT_PAIRS` pairs the share is of random vectors, `(count + 1) / (samples + 1)`, always the same ones.
 */
export function signFlip(differences: readonly number[]): SignFlip {
  const values = thatDiffer(differences);
  if (values.length === 0) return { p: 1, method: 'exact' };
  const size = values.reduce((sum, value) => sum + Math.abs(value), 0);
  const limit = Math.abs(values.reduce((sum, value) => sum + value, 0)) - ROUNDING * size;
  if (values.length > EXACT_PAIRS)
    return { p: (sampleExtreme(values, limit) + 1) / (SAMPLES + 1), method: 'sampled' };
  // Flipping every sign changes no distance, so half of the vectors are enough.
  return { p: countExtreme(values, limit) / 2 ** (values.length - 1), method: 'exact' };
}

// A pair without a difference stays as it is under either sign, so leaving it out changes no p.
function thatDiffer(differences: readonly number[]): readonly number[] {
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

/** How many sign vectors give a sum at least as far from 0 as a limit, of those that leave the first sign alone. */
function countExtreme(values: readonly number[], limit: number): number {
  const count = (index: number, sum: number): number =>
    index === values.length
      ? Number(Math.abs(sum) >= limit)
      : count(index + 1, sum + values[index]) + count(index + 1, sum - values[index]);
  return count(1, values[0]);
}

/** The smallest p that differences of these sizes could have given: 2 / 2^n for n pairs that differ. */
export function smallestP(differences: readonly number[]): number {
  const count = thatDiffer(differences).length;
  if (count > EXACT_PAIRS) return Math.max(2 ** (1 - count), 1 / (SAMPLES + 1));
  return count === 0 ? 1 : 2 ** (1 - count);
}

/** How many pairs must differ so that each of a family of comparisons can reach p < alpha after Holm. */
export function pairsNeeded(family: number, alpha: number): number {
  return Math.floor(Math.log2((2 * family) / alpha)) + 1;
}
