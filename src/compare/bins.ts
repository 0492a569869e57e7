/** @file A run's column as means over bins of equally many steps, each step counted alike. */

/** What a row says in one column, and when. */
export interface Cell {
  readonly step: number;
  /** Null where it was not measured, or is not finite. */
  readonly value: number | null;
  readonly seconds: number | null;
}

/** A run's value at the end of a bin. */
export interface Binned {
  readonly value: number;
  /** When the run was there. */
  readonly seconds: number | null;
}

/** A curve has at most this many bins, and at least half as many where there are as many rows. */
const MOST_BINS = 100;

/** Bins from step 0 on, all `width` steps wide but the last. */
export interface Bins {
  readonly width: number;
  /** The last step of each, ascending. */
  readonly ends: readonly number[];
}

/** A row in a window of steps: its value, and how many of its steps lie in there. */
export interface Part {
  readonly value: number | null;
  readonly steps: number;
}

/**
 * Sorts steps into bins of equally many rows. What remains at the end is a bin of its own if it has at least half as many
 * steps as the others; else the last bin is longer by it, as a mean of few steps would stand out of the curve.
 *
 * @param logEvery steps between rows
 * @param last the last step
 */
export function binsOf(logEvery: number, last: number): Bins {
  const width = logEvery * Math.max(1, Math.ceil(last / logEvery / MOST_BINS));
  const count = Math.max(1, Math.round(last / width));
  const ends = Array.from({ length: count }, (_, index) =>
    index === count - 1 ? last : (index + 1) * width,
  );
  return { width, ends };
}

/**
 * The values of a run at the ends of bins.
 *
 * A row of steps.csv is the mean over the steps since the row before. So is a value over the steps since the bin before,
 * or over the last `smooth` steps if these are more: a row counts by its steps in there. Rows of a last bin that the run
 * fills to less than half belong to the bin before, as in `binsOf`.
 *
 * @param cells of the run, by step
 * @param smooth steps; 0 smoothes nothing
 * @returns by the end of the bin; bins in which no row has a value are left out
 */
export function binned(cells: readonly Cell[], { width, ends }: Bins, smooth: number): Map<number, Binned> {
  const last = cells.at(-1)?.step ?? 0;
  const within = ends.findIndex((end) => last <= end);
  const isShort = within > 0 && last - ends[within - 1] < width / 2;
  const own = ends.slice(0, isShort ? within : within + 1);

  const result = new Map<number, Binned>();
  let next = 0;
  for (const [index, end] of own.entries()) {
    const stop = index === own.length - 1 ? last : end;
    const from = own[index - 1] ?? 0;
    const start = Math.min(from, Math.max(0, stop - smooth));
    const first = next;
    while (next < cells.length && cells[next].step <= stop) next++;
    if (!cells.slice(first, next).some(({ value }) => value !== null)) continue;
    const parts = rowsWithin(cells, next - 1, start)
      .reverse()
      .flatMap(({ value, steps }) => (value === null ? [] : [{ value, steps }]));
    result.set(end, { value: weightedMean(parts), seconds: cells[next - 1].seconds });
  }
  return result;
}

/** Exact for one value and for equal ones. */
function weightedMean(parts: readonly { readonly value: number; readonly steps: number }[]): number {
  const [{ value: pivot }] = parts;
  const total = parts.reduce((sum, { steps }) => sum + steps, 0);
  return pivot + parts.reduce((sum, { value, steps }) => sum + steps * (value - pivot), 0) / total;
}

/**
 * The rows in a window of steps, the last first. A row is the mean over the steps since the row before, so one of which a
 * part lies in the window counts with that.
 *
 * @param last index of the row at whose step the window ends
 * @param start the step after which the window begins, at least 0
 */
export function rowsWithin(
  rows: readonly Pick<Cell, 'step' | 'value'>[],
  last: number,
  start: number,
): Part[] {
  const parts: Part[] = [];
  for (let row = last; row >= 0 && rows[row].step > start; row--) {
    const { step, value } = rows[row];
    parts.push({ value, steps: step - Math.max(start, rows[row - 1]?.step ?? 0) });
  }
  return parts;
}
