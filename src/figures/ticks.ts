/** @file Multiples of a tick step, and the decimals they need; d3-array chooses steps and domains. */

/** The multiples of a step inside a domain. */
export function multiples([low, high]: readonly [number, number], step: number): number[] {
  const [first, last] = [Math.ceil(decimal(low / step)), Math.floor(decimal(high / step))];
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => decimal((first + index) * step));
}

/** Removes rounding errors: three tenths are 0.3. */
function decimal(value: number): number {
  return Number(value.toPrecision(12));
}

/** The number of decimals that the multiples of a step need. */
export function decimalsOf(step: number): number {
  return Math.max(0, -Math.floor(Math.log10(step * 1.000001)));
}
