/** @file The constants and the step size of Adam, shared by all engines. */

/** Decay rates of the moments, and ε. kernel/update.h has the same values. */
export const BETA1 = 0.9;
export const BETA2 = 0.999;
export const EPSILON = 1e-8;

/**
 * The corrected step size of TensorFlow 1's Adam, `lr √(1-β2^t) / (1-β1^t)`. The update is `p -= rate · m / (√v + ε)`.
 *
 * @param step t, from 1
 * @see Kingma & Ba 2015, end of section 2
 */
export function adamRate(lr: number, step: number): number {
  return (lr * Math.sqrt(1 - power(BETA2, step))) / (1 - power(BETA1, step));
}

/** `base^exponent` by squaring. `**` may round differently on other machines; multiplication does not. */
function power(base: number, exponent: number): number {
  let result = 1;
  for (let square = base, rest = exponent; rest > 0; square *= square, rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result *= square;
  }
  return result;
}
