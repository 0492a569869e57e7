/** @file Round numbers on linear axes, as D3 chooses them, and their text. */

/** From where on a rough stride, in powers of ten, is nearer to 10, 5 or 2 than to what is below. */
const FACTORS = [
  [Math.sqrt(50), 10],
  [Math.sqrt(10), 5],
  [Math.sqrt(2), 2],
] as const;

/** The domain, made longer to the next ticks at both ends. */
export function niceDomain([low, high]: readonly [number, number], count: number): [number, number] {
  let [from, to] = [low, high];
  // A longer domain may have another stride, so that it has to be made longer again.
  for (let before = 0, turn = 0; turn < 10; turn++) {
    const stride = tickStride(from, to, count);
    if (stride === before || !(stride > 0)) break;
    from = decimal(Math.floor(decimal(from / stride)) * stride);
    to = decimal(Math.ceil(decimal(to / stride)) * stride);
    before = stride;
  }
  return [from, to];
}

/** Through a decimal, so that three tenths are 0.3. */
function decimal(value: number): number {
  return Number(value.toPrecision(12));
}

/**
 * The distance of about so many ticks: 1, 2 or 5 times a power of ten.
 *
 * @see https://d3js.org/d3-array/ticks
 */
export function tickStride(low: number, high: number, count: number): number {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const [, factor] = FACTORS.find(([least]) => rough / power >= least) ?? [0, 1];
  return factor * power;
}

/** The multiples of a stride inside a domain. */
export function multiples([low, high]: readonly [number, number], stride: number): number[] {
  const [first, last] = [Math.ceil(decimal(low / stride)), Math.floor(decimal(high / stride))];
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) =>
    decimal((first + index) * stride),
  );
}

/** Decimals that all multiples of a stride can be written with. */
export function decimalsOf(stride: number): number {
  return Math.max(0, -Math.floor(Math.log10(stride * 1.000001)));
}
