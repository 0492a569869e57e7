/** @file Probabilities as text. */

/** A probability in percent, which is rounded to 0 or 100 only if it is: `99.87 %`, `<0.01 %`, `>99.99 %`. */
export function probabilityPercent(probability: number): string {
  if (probability > 0.9999 && probability < 1) return '>99.99 %';
  if (probability < 0.0001 && probability > 0) return '<0.01 %';
  return `${(probability * 100).toFixed(2)} %`;
}
