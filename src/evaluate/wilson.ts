/** @file Wilson's confidence interval of a proportion. */

/** The 97.5 % quantile of the standard normal distribution, for intervals of 95 %. */
const Z = 1.959963984540054;

/**
 * The 95 % score interval of a proportion. Unlike the normal approximation it stays within 0 and 1, and is not empty at 0 or 1.
 *
 * @param successes number of successes, 0 to `count`
 * @param count number of independent trials
 * @returns lower and upper limit, fractions; 0 and 1 without trials
 * @see Wilson 1927; Brown, Cai & DasGupta 2001, eq. 4
 */
export function wilsonInterval(successes: number, count: number): readonly [low: number, high: number] {
  if (count === 0) return [0, 1];
  const p = successes / count;
  const square = Z * Z;
  const centre = (p + square / (2 * count)) / (1 + square / count);
  const half = (Z * Math.sqrt((p * (1 - p)) / count + square / (4 * count * count))) / (1 + square / count);
  // At the ends rounding must not move the limit past the proportion.
  return [successes === 0 ? 0 : centre - half, successes === count ? 1 : centre + half];
}
