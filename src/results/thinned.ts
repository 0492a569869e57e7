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
   * The groups as rows, each with the means over its steps, its last step and the time at that step.
   *
   * @param width of the groups: `this.width` times a power of two
   */
  readonly rows: (width: number) => StepRow[];
}

/** The columns with means. The others have their last value. */
const MEANS = ['loss', 'accuracy', 'lr', 'grad_norm', 'grad_norm_clipped', 'clip_fraction'] as const;

/** The number of groups at which pairs of them are joined. More than the points of a curve; see compare/bins.ts. */
const MOST_GROUPS = 256;

/** The sums of a group. */
interface Group {
  /** Counts groups of this width from the start of the run. */
  readonly index: number;
  readonly last: StepRow;
  /** For each of `MEANS`: the sum of values times their steps, and the sum of these steps. */
  readonly sums: readonly { readonly total: number; readonly steps: number }[];
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
  return {
    get width() {
      return width;
    },
    get last() {
      return last;
    },
    add: (row) => {
      if (row.step === null) return;
      const group = groupOf(row, row.step - (last?.step ?? 0), width);
      last = row;
      const before = groups.at(-1);
      if (before?.index === group.index) groups[groups.length - 1] = joined(before, group);
      else groups.push(group);
      for (; groups.length > MOST_GROUPS; width *= 2) groups = widened(groups, 2);
    },
    rows: (wanted) => widened(groups, Math.max(1, wanted / width)).map(rowOf),
  };
}

/** @param steps the steps whose mean the row is */
function groupOf(row: StepRow, steps: number, width: number): Group {
  const sums = MEANS.map((column) => {
    const value = row[column];
    const isMeasured = value !== null && Number.isFinite(value);
    return isMeasured ? { total: value * steps, steps } : { total: 0, steps: 0 };
  });
  return { index: Math.ceil((row.step ?? 0) / width), last: row, sums };
}

function joined(a: Group, b: Group): Group {
  const sums = a.sums.map(({ total, steps }, at) => ({
    total: total + (b.sums[at]?.total ?? 0),
    steps: steps + (b.sums[at]?.steps ?? 0),
  }));
  return { index: b.index, last: b.last, sums };
}

/** Groups that are `factor` times as wide. */
function widened(groups: readonly Group[], factor: number): Group[] {
  const result: Group[] = [];
  for (const group of groups) {
    const wide = { ...group, index: Math.ceil(group.index / factor) };
    const before = result.at(-1);
    if (before?.index === wide.index) result[result.length - 1] = joined(before, wide);
    else result.push(wide);
  }
  return result;
}

function rowOf({ last, sums }: Group): StepRow {
  const means = MEANS.map((column, at) => {
    const { total, steps } = sums[at] ?? { total: 0, steps: 0 };
    return [column, steps === 0 ? null : total / steps];
  });
  return { ...last, ...Object.fromEntries(means) };
}
