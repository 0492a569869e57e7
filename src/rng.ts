/**
 * @file Random numbers. A generator is a pure function of its address, such as `(seed, 'shuffle', pass)`, so that a resumed
 * run needs no generator state.
 */

import { createHash } from 'node:crypto';

/** A stream of uniform random numbers. */
export interface Rng {
  /** A uniform integer in `[0, 2^32)`. */
  uint32(): number;
  /** A uniform float in `[0, 1)` with 53 random bits. */
  uniform(): number;
  /** An unbiased integer in `[0, bound)`, `bound` at most `2^32`. */
  below(bound: number): number;
}

/**
 * Creates the generator of an address.
 *
 * @param address numbers and strings that identify the use, in order
 * @returns Chris Doty-Humphrey's sfc32, seeded with the SHA-256 of the address
 */
export function rng(...address: readonly (string | number)[]): Rng {
  const digest = createHash('sha256').update(JSON.stringify(address)).digest();
  let a = digest.readUInt32LE(0);
  let b = digest.readUInt32LE(4);
  let c = digest.readUInt32LE(8);
  let counter = 1;
  const uint32 = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let round = 0; round < 12; round++) uint32(); // the author's warm-up

  const uniform = (): number => ((uint32() >>> 5) * 2 ** 26 + (uint32() >>> 6)) / 2 ** 53;
  const below = (bound: number): number => {
    const limit = 2 ** 32 - (2 ** 32 % bound); // the largest multiple of bound; above it the remainder is biased
    let value = uint32();
    while (value >= limit) value = uint32();
    return value % bound;
  };
  return { uint32, uniform, below };
}

/** A random order of `0 … length-1`, `[length]` (Fisher and Yates). */
export function permutation(random: Rng, length: number): Int32Array {
  const order = Int32Array.from({ length }, (_, index) => index);
  for (let last = length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    const swapped = order[last] as number;
    order[last] = order[other] as number;
    order[other] = swapped;
  }
  return order;
}

/**
 * Draws from a normal distribution with mean 0; values beyond two standard deviations are redrawn.
 *
 * Uses Marsaglia's polar method, which needs only a logarithm and operations that IEEE 754 defines exactly.
 *
 * @returns `[length]`
 */
export function truncatedNormal(random: Rng, length: number, std: number): Float32Array {
  const values = new Float32Array(length);
  let filled = 0;
  while (filled < length) {
    const x = 2 * random.uniform() - 1;
    const y = 2 * random.uniform() - 1;
    const square = x * x + y * y;
    if (square >= 1 || square === 0) continue;
    const scale = Math.sqrt((-2 * logarithm(square)) / square);
    for (const normal of [x * scale, y * scale]) {
      if (Math.abs(normal) <= 2 && filled < length) values[filled++] = normal * std;
    }
  }
  return values;
}

/**
 * The natural logarithm of a number in `(0, 1)`, with a relative error below 5e-16 and the same bits on every machine.
 * (`Math.log` differs between processors.) Computed as `x = 2^n m` with m in `[√½, √2)`, and `ln m = 2 artanh((m - 1) / (m + 1))`.
 */
export function logarithm(x: number): number {
  let m = x;
  let n = 0;
  while (m < Math.SQRT1_2) {
    m *= 2;
    n--;
  }
  const f = (m - 1) / (m + 1);
  const square = f * f;
  let sum = 0;
  for (let k = 21; k >= 1; k -= 2) sum = sum * square + 1 / k;
  return 2 * f * sum + n * Math.LN2;
}
