/** @file Reduces curves to what a screen can show, on one common grid, however many points they have. */

/** A grid over the visible part of the x axis: each bucket has two positions, for its lowest and its highest value. */
export interface Grid {
  readonly from: number;
  readonly to: number;
  readonly buckets: number;
  /** `[2 buckets + 2]`, ascending: the left edge, the positions, the right edge. */
  readonly x: readonly number[];
}

/** A value, or null where a curve has no point. */
export type GridValues = (number | null)[];

/** The grid of a range; `from` is less than `to`. */
export function gridOf(from: number, to: number, buckets: number): Grid {
  const width = (to - from) / buckets;
  const inner = Array.from({ length: 2 * buckets }, (_, index) => from + (index / 2 + 0.25) * width);
  return { from, to, buckets, x: [from, ...inner, to] };
}

/**
 * A curve on a grid. A bucket with several points has their lowest and highest value, in their order, so that no peak is
 * lost. At the edges the curve has the values of the lines that cross them.
 *
 * @param x ascending; points whose x is NaN are left out
 * @param y one per x; points that are not finite are left out
 * @param isValid further points to leave out, such as those that a logarithmic axis cannot show
 */
export function onGrid(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  grid: Grid,
  isValid: (value: number) => boolean = () => true,
): GridValues {
  const { from, to, buckets } = grid;
  const values: GridValues = new Array<number | null>(grid.x.length).fill(null);
  const usable = (at: number): boolean => Number.isFinite(y[at]) && isValid(y[at] ?? 0);
  const [first, end] = [lowerBound(x, from), upperBound(x, to)];
  values[0] = crossing(x, y, first, from, usable);
  values[values.length - 1] = crossing(x, y, end, to, usable);
  const scale = buckets / (to - from);
  for (let at = first; at < end; ) {
    const bucket = Math.min(buckets - 1, Math.floor(((x[at] ?? 0) - from) * scale));
    let low = -1;
    let high = -1;
    let next = at;
    for (; next < end; next++) {
      if (Math.min(buckets - 1, Math.floor(((x[next] ?? 0) - from) * scale)) !== bucket) break;
      if (!usable(next)) continue;
      if (low === -1 || (y[next] ?? 0) < (y[low] ?? 0)) low = next;
      if (high === -1 || (y[next] ?? 0) > (y[high] ?? 0)) high = next;
    }
    if (low !== -1) place(values, bucket, low, high, x, y, grid);
    at = Math.max(next, at + 1);
  }
  return values;
}

/** Puts the points of a bucket on its two positions, earlier point first. */
function place(
  values: GridValues,
  bucket: number,
  low: number,
  high: number,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  { from, to, buckets }: Grid,
): void {
  const left = 1 + 2 * bucket;
  if (low === high) {
    const middle = from + ((bucket + 0.5) * (to - from)) / buckets;
    values[(x[low] ?? 0) < middle ? left : left + 1] = y[low] ?? null;
    return;
  }
  values[left] = y[Math.min(low, high)] ?? null;
  values[left + 1] = y[Math.max(low, high)] ?? null;
}

/** The value of the line from the last point before an edge to the first one after it; null without one of them. */
function crossing(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  index: number,
  edge: number,
  usable: (at: number) => boolean,
): number | null {
  let before = index - 1;
  let after = index;
  while (before >= 0 && !usable(before)) before--;
  while (after < x.length && !usable(after)) after++;
  if (before < 0 || after >= x.length) return null;
  const [x0, x1, y0, y1] = [x[before] ?? 0, x[after] ?? 0, y[before] ?? 0, y[after] ?? 0];
  return x1 === x0 ? y1 : y0 + ((y1 - y0) * (edge - x0)) / (x1 - x0);
}

/** The index of the first value that is at least `limit`. */
export function lowerBound(values: ArrayLike<number>, limit: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] ?? 0) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The index of the first value that is above `limit`. */
function upperBound(values: ArrayLike<number>, limit: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] ?? 0) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The index of the value that is nearest; -1 without values. */
export function nearestIndex(values: ArrayLike<number>, target: number): number {
  const after = lowerBound(values, target);
  if (after === 0) return values.length === 0 ? -1 : 0;
  if (after === values.length) return after - 1;
  return target - (values[after - 1] ?? 0) <= (values[after] ?? 0) - target ? after - 1 : after;
}
