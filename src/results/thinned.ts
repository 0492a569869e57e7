/** @file The rows of steps.csv in a bounded number: means over groups of equally many steps, computed as rows arrive. */

import type { StepRow } from '../runs/metrics.js';

/** The means of a run that is read while it trains. */
export interface ThinnedRows {
  /** The steps of each group: the steps between rows, times a power of two. */
  readonly width: number;
  /** The last row that was added; null before the first. */
  readonly last: StepRow | null;
  readonly add: (row: StepRow) => void;
  /**
   * A row for each group, with the means over its steps, its last step and the time at that step.
   *
   * @param width of the groups: `this.width`, or that times a power of two
   */
  readonly rows: (width: number) => readonly StepRow[];
}

/** The columns with means; the others have the last value. Means leave out values that are missing or not finite. */
const MEANS = ['loss', 'accuracy', 'lr', 'grad_norm', 'grad_norm_clipped', 'clip_fraction'] as const;

/** The number of groups at which each two of them are joined. A curve has at most 100 points; see compare/bins.ts. */
const MOST_GROUPS = 256;

/** The steps from `(index - 1) · width + 1` to `index · width`. */
interface Group {
  readonly index: number;
  last: StepRow;
  /** For each of `MEANS`, the sum of values times their steps `[6]`. */
  readonly totals: number[];
  /** For each of `MEANS`, the number of these steps `[6]`. */
  readonly steps: number[];
}

/**
 * Starts with no rows.
 *
 * @param logEvery steps between rows
 */
export function createThinnedRows(logEvery: number): ThinnedRows {
  let width = logEvery;
  let groups: Group[] = [];
  let last: StepRow | null = null;
  let made: { readonly width: number; readonly rows: readonly StepRow[] } | null = null;
  return {
    get width() {
      return width;
    },
    get last() {
      return last;
    },
    add: (row) => {
      if (row.step === null) return;
      const group = groupAt(groups, Math.ceil(row.step / width), row);
      const steps = row.step - (last?.step ?? 0);
      for (const [at, column] of MEANS.entries()) {
        const value = row[column];
        if (value !== null && Number.isFinite(value)) include(group, at, value * steps, steps);
      }
      group.last = row;
      last = row;
      made = null;
      for (; groups.length > MOST_GROUPS; width *= 2) groups = widened(groups, 2);
    },
    rows: (wanted) => {
      if (made?.width !== wanted)
        made = { width: wanted, rows: widened(groups, Math.max(1, wanted / width)).map(rowOf) };
      return made.rows;
    },
  };
}

/** The last group, if it has this index; otherwise a new one. */
function groupAt(groups: Group[], index: number, last: StepRow): Group {
  const before = groups.at(-1);
  if (before?.index === index) return before;
  const group = { index, last, totals: MEANS.map(() => 0), steps: MEANS.map(() => 0) };
  groups.push(group);
  return group;
}

function include({ totals, steps }: Group, at: number, total: number, count: number): void {
  totals[at] = (totals[at] ?? 0) + total;
  steps[at] = (steps[at] ?? 0) + count;
}

/** Groups that are `factor` times as wide. */
function widened(groups: readonly Group[], factor: number): Group[] {
  const result: Group[] = [];
  for (const { index, last, totals, steps } of groups) {
    const wide = groupAt(result, Math.ceil(index / factor), last);
    for (const at of MEANS.keys()) include(wide, at, totals[at] ?? 0, steps[at] ?? 0);
    wide.last = last;
  }
  return result;
}

function rowOf({ last, totals, steps }: Group): StepRow {
  const row: Record<string, number | null> = { ...last };
  for (const [at, column] of MEANS.entries()) {
    const count = steps[at] ?? 0;
    row[column] = count === 0 ? null : (totals[at] ?? 0) / count;
  }
  return row as StepRow;
}
