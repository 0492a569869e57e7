/** @file Learning curves of arms: a column of the CSVs as means and bands over the seeds, at common training steps. */
import { UserError } from '../errors.js';
import { nearest } from '../nearest.js';
import { type EpochRow, epochColumns, type StepRow, stepColumns } from '../runs/metrics.js';
import type { Arm, RunRows } from './arm.js';
import { mean, standardDeviation, tInterval } from './stats.js';

/** What the band shows: a 95 % t interval of the mean, one standard deviation, or the smallest and largest seed. */
export type Band = 'ci' | 'sd' | 'range';
export const bands = ['ci', 'sd', 'range'] as const satisfies readonly Band[];

/** A column that can be plotted. */
export type Column = (typeof stepColumns)[number] | (typeof epochColumns)[number];
/** All of them: steps.csv's, then those that metrics.csv alone has. */
export const curveColumns: readonly Column[] = [...new Set<Column>([...stepColumns, ...epochColumns])];

/** The mean over the seeds of an arm at a training step; low and high are null where there is one seed only. */
export interface CurvePoint {
  readonly arm: string;
  readonly step: number;
  readonly mean: number;
  readonly low: number | null;
  readonly high: number | null;
  /** Seeds with a number there: it falls where runs end before others. */
  readonly n: number;
}

/** A column of all arms. */
export interface Curve {
  readonly column: Column;
  /** Where it comes from: of a column that both files have, steps.csv. */
  readonly file: 'steps.csv' | 'metrics.csv';
  /** By arm, then by step. */
  readonly points: readonly CurvePoint[];
  /** Cells left out because they are NaN or infinite. */
  readonly notFinite: number;
}

/** All that a figure shows. */
export interface Curves {
  readonly band: Band;
  readonly arms: readonly {
    readonly name: string;
    readonly seeds: number;
    /** Its place among all arms, also those not shown: what its colour, dash and marker go by. */
    readonly slot: number;
  }[];
  readonly columns: readonly Curve[];
}

/** A curve has at most this many bins, and at least half as many where there are as many rows. */
const MOST_BINS = 100;

/** The columns that a figure shows if none are named: the clipped share only where something is clipped. */
export const defaultColumns = (arms: readonly Arm<RunRows>[]): Column[] => [
  'loss',
  'accuracy',
  'val_accuracy',
  'grad_norm',
  ...(arms.some(({ config }) => config.clip !== null) ? (['clip_fraction'] as const) : []),
];

/**
 * Checks the name of a column.
 *
 * @throws {UserError} E_USAGE, with the nearest name, if there is none such
 */
export const parseColumn = (name: string): Column => {
  const column = curveColumns.find((known) => known === name);
  if (column) return column;
  throw new UserError(
    'E_USAGE',
    `Expected a column of steps.csv or metrics.csv, got ${JSON.stringify(name)}${nearest(name, curveColumns)}.`,
    { hint: `There are ${curveColumns.join(', ')}.` },
  );
};

/**
 * Sorts steps into bins of equally many rows.
 *
 * As a row of steps.csv is a mean over the steps since the row before, a bin is a mean over the rows since the bin
 * before, and stands at its last step. Bins depend on the arm's own rows alone, and arms of equal length share them.
 *
 * @param last the last step of the arm's longest run
 * @returns the last step of the bin that a step is in
 */
const binEnds = (arm: Arm<RunRows>, last: number): ((step: number) => number) => {
  const rowSteps = arm.config.logEvery;
  const width = rowSteps * Math.max(1, Math.ceil(last / rowSteps / MOST_BINS));
  return (step) => Math.min(Math.ceil(step / width) * width, last);
};

/** A run's column: the mean of its rows in each bin. Cells without a finite number count for nothing. */
const binned = (
  rows: readonly { step: number; value: number }[],
  binEnd: (step: number) => number,
): Map<number, number> => {
  const bins = new Map<number, number[]>();
  for (const { step, value } of rows) {
    const end = binEnd(step);
    const bin = bins.get(end);
    if (bin) bin.push(value);
    else bins.set(end, [value]);
  }
  return new Map([...bins].map(([end, values]) => [end, mean(values)]));
};

/**
 * Mean and band of one value a seed.
 *
 * @param values `[n]`, finite, n at least 1
 * @returns no band for n = 1
 */
export const summarise = (
  values: readonly number[],
  band: Band,
): { mean: number; low: number | null; high: number | null } => {
  const centre = mean(values);
  if (values.length === 1) return { mean: centre, low: null, high: null };
  const deviation = standardDeviation(values);
  const [low, high] = {
    ci: () => tInterval(values, 0.95),
    sd: () => [centre - deviation, centre + deviation],
    // Rounding may put the mean just outside of the values.
    range: () => [Math.min(...values, centre), Math.max(...values, centre)],
  }[band]();
  return { mean: centre, low, high };
};

const curveOf = (arms: readonly Arm<RunRows>[], column: Column, band: Band): Curve => {
  const file = (stepColumns as readonly string[]).includes(column) ? 'steps.csv' : 'metrics.csv';
  let notFinite = 0;
  const points = arms.flatMap((arm): CurvePoint[] => {
    const runs = arm.runs.map(({ steps, epochs }) => {
      const rows: readonly Partial<StepRow & EpochRow>[] = file === 'steps.csv' ? steps : epochs;
      return rows.flatMap((row) => {
        const [step, value] = [row.step ?? null, row[column] ?? null];
        if (step === null || value === null) return []; // not measured
        if (Number.isFinite(value)) return [{ step, value }];
        notFinite++;
        return [];
      });
    });
    const last = Math.max(0, ...arm.runs.flatMap(({ steps }) => steps.at(-1)?.step ?? []));
    const binEnd = file === 'steps.csv' ? binEnds(arm, last) : (step: number) => step;
    const series = runs.map((rows) => binned(rows, binEnd));
    const ends = [...new Set(series.flatMap((bins) => [...bins.keys()]))].sort((a, b) => a - b);
    return ends.map((step) => {
      const values = series.flatMap((bins) => bins.get(step) ?? []);
      return { arm: arm.name, step, ...summarise(values, band), n: values.length };
    });
  });
  return { column, file, points, notFinite };
};

/**
 * The curves of arms. Those of one arm are the same, and look the same, whichever others there are or are shown.
 *
 * @param arms all of them
 * @param columns each once
 * @param shown names of those to show, in any order; if not given, all that have runs
 * @throws {UserError} E_RUN if there are none to show, E_DATA if none of the columns has a number
 */
export const curvesOf = (
  arms: readonly Arm<RunRows>[],
  columns: readonly Column[],
  band: Band,
  shown?: readonly string[],
): Curves => {
  const chosen = arms
    .map((arm, slot) => ({ arm, slot }))
    .filter(({ arm }) => (shown ? shown.includes(arm.name) : arm.runs.length > 0));
  if (chosen.length === 0) {
    throw new UserError('E_RUN', 'There is nothing to plot: no run has a result.', {
      hint: 'See what there is with `wnlstm ls`; start a run with `wnlstm train`.',
    });
  }
  const curves = columns.map((column) =>
    curveOf(
      chosen.map(({ arm }) => arm),
      column,
      band,
    ),
  );
  if (curves.every(({ points }) => points.length === 0)) {
    throw new UserError('E_DATA', `There is nothing to plot: no finite number under ${columns.join(', ')}.`, {
      hint: 'Look at the rows of the CSV files in the folders of the runs, or choose other columns.',
    });
  }
  return {
    band,
    arms: chosen.map(({ arm: { name, runs }, slot }) => ({ name, seeds: runs.length, slot })),
    columns: curves,
  };
};

/** What a reader of the curves has to know and does not see: what is left out, a sentence each. */
export const curveNotes = ({ columns }: Curves): string[] =>
  columns.flatMap(({ column, points, notFinite }) => [
    ...(points.length === 0 ? [`${column} has no finite number and is not shown.`] : []),
    ...(points.length > 0 && notFinite > 0
      ? [
          `${column}: ${notFinite} ${notFinite === 1 ? 'cell that is' : 'cells that are'} not finite left out.`,
        ]
      : []),
  ]);

/** The plotted numbers as CSV, with as many digits as read back to the same number; an empty cell is no band. */
export const curvesCsv = ({ columns }: Curves): string => {
  const name = (arm: string): string => (/[",\r\n]/.test(arm) ? `"${arm.replaceAll('"', '""')}"` : arm);
  const lines = columns.flatMap(({ column, points }) =>
    points.map(({ arm, step, mean, low, high, n }) =>
      [column, name(arm), step, mean, low ?? '', high ?? '', n].join(','),
    ),
  );
  return `${['column,arm,step,mean,low,high,n', ...lines].join('\n')}\n`;
};

/**
 * An arm's name with how many runs it stands for: `wn (8 seeds)`, `base (8 seeds, 5 to the end)`.
 *
 * @param arm index of the arm
 */
export const armLabel = ({ arms, columns }: Curves, arm: number): string => {
  const { name, seeds } = arms[arm];
  const last = columns.flatMap(({ points }) => {
    const point = points.filter((candidate) => candidate.arm === name).at(-1);
    return point ? [point.n] : [];
  });
  const atEnd = last.length === 0 ? 0 : Math.min(...last);
  const rest = atEnd < seeds ? `, ${atEnd === 0 ? 'no numbers' : `${atEnd} to the end`}` : '';
  return `${name} (${seeds} ${seeds === 1 ? 'seed' : 'seeds'}${rest})`;
};

/** What the band is, in words; null where no point has one. */
export const bandLabel = ({ band, columns }: Curves): string | null => {
  if (!columns.some(({ points }) => points.some(({ low }) => low !== null))) return null;
  const words = {
    ci: '95 % interval of the mean',
    sd: '± 1 standard deviation',
    range: 'smallest to largest',
  };
  return `mean over seeds; band: ${words[band]}`;
};
