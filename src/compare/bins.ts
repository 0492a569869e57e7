/** @file Averages a column of a run's CSV file over windows and bins of steps, where every step has the same weight. */

/** The value of a row in one column. */
export interface Cell {
  readonly step: number;
  /** Null if it was not measured, or is not finite. */
  readonly value: number | null;
  readonly seconds: number | null;
}

/** The value of a run at the end of a bin. */
export interface Binned {
  readonly value: number;
  /** Elapsed time at the end of the bin. */
  readonly seconds: number | null;
}

/** The largest number of bins of a curve; where there are enough rows, it has at least half as many. */
const MAX_BINS = 100;

/** Bins from step 0 on. All are `width` steps wide, except the last one. */
export interface Bins {
  readonly width: number;
  /** The last step of each bin, ascending. */
  readonly ends: readonly number[];
}

/** A row in a window: its value, and the number of its steps that are inside. */
export interface WindowRow {
  readonly value: number | null;
  readonly steps: number;
}

/**
 * Divides steps into bins with the same number of rows. The remaining steps are a bin of their own if they are at least
 * half of the width; otherwise they extend the last bin, because a mean over few steps would be an outlier.
 *
 * @param logEvery steps between rows
 * @param last the last step
 */
export function binsOf(logEvery: number, last: number): Bins {
  const width = logEvery * Math.max(1, Math.ceil(last / logEvery / MAX_BINS));
  const count = Math.max(1, Math.round(last / width));
  const ends = Array.from({ length: count }, (_, index) =>
    index === count - 1 ? last : (index + 1) * width,
  );
  return { width, ends };
}

/**
 * The values of a run at the ends of bins.
 *
 * A row of steps.csv is the mean over the steps since the previous row. A value is the weighted mean over the steps since
 * the previous bin, or over the last `smooth` steps if these are more. If the run fills the last bin to less than half,
 * its rows belong to the previous bin, as in `binsOf`.
 *
 * @param cells of the run, by step
 * @param smooth number of steps; 0 for no smoothing
 * @returns values by the ends of their bins; bins without a value are left out
 */
export function binned(cells: readonly Cell[], { width, ends }: Bins, smooth: number): Map<number, Binned> {
  const last = cells.at(-1)?.step ?? 0;
  const within = ends.findIndex((end) => last <= end);
  const isShort = within > 0 && last - (ends[within - 1] ?? 0) < width / 2;
  const own = ends.slice(0, isShort ? within : within + 1);

  const result = new Map<number, Binned>();
  let from = 0;
  let first = 0;
  for (const [index, end] of own.entries()) {
    const stop = index === own.length - 1 ? last : end;
    const beyond = cells.findIndex(({ step }, row) => row >= first && step > stop);
    const next = beyond === -1 ? cells.length : beyond;
    const rows = cells.slice(first, next);
    if (rows.some(({ value }) => value !== null)) {
      const start = Math.min(from, Math.max(0, stop - smooth));
      const parts = rowsWithin(cells, next - 1, start).reverse();
      result.set(end, { value: weightedMean(parts), seconds: rows.at(-1)?.seconds ?? null });
    }
    from = end;
    first = next;
  }
  return result;
}

/** The mean of the values that were measured, relative to the first one, so that equal values have an exact mean. */
function weightedMean(rows: readonly WindowRow[]): number {
  const parts = rows.flatMap(({ value, steps }) => (value === null ? [] : [{ value, steps }]));
  const pivot = parts[0]?.value ?? Number.NaN;
  const total = parts.reduce((sum, { steps }) => sum + steps, 0);
  return pivot + parts.reduce((sum, { value, steps }) => sum + steps * (value - pivot), 0) / total;
}

/**
 * The rows in a window of steps, last row first. A row covers the steps since the previous row; a row at the start of
 * the window counts with the steps that are inside.
 *
 * @param last index of the row at whose step the window ends
 * @param start the step before the window, at least 0
 */
export function rowsWithin(
  rows: readonly Pick<Cell, 'step' | 'value'>[],
  last: number,
  start: number,
): WindowRow[] {
  const parts: WindowRow[] = [];
  for (let index = last; index >= 0; index--) {
    const row = rows[index];
    if (row === undefined || !(row.step > start)) break; // a step may be NaN
    parts.push({ value: row.value, steps: row.step - Math.max(start, rows[index - 1]?.step ?? 0) });
  }
  return parts;
}
