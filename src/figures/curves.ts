/** @file Learning curves of arms: a column of the CSVs as means and bands over the seeds, at common training steps. */

import { type Binned, type Bins, binned, binsOf, type Cell } from '../compare/bins.js';
import { mean, standardDeviation, tInterval } from '../compare/stats.js';
import { UserError } from '../errors.js';
import type { Arm, RunRows } from '../results/arm.js';
import { type EpochRow, epochColumns, type StepRow, stepColumns } from '../runs/metrics.js';
import { nearest } from '../text/nearest.js';
import { positions, stepsPerEpoch, type XAxis } from './x-axis.js';

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
  /** Where the step lies on the axis. */
  readonly x: number;
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
  readonly x: XAxis;
  /** Columns of steps.csv are means over so many steps back; 0 if they are not smoothed. */
  readonly smooth: number;
  readonly arms: readonly {
    readonly name: string;
    readonly seeds: number;
    /** Its place among all arms, also those not shown: what its colour, dash and marker go by. */
    readonly slot: number;
    /** A point of steps.csv is at least the mean over so many steps. */
    readonly binSteps: number;
  }[];
  readonly columns: readonly Curve[];
  /** Names of arms that were to be shown and have no place on the axis. */
  readonly leftOut: readonly string[];
}

/** What curves are made of besides arms, columns and the band. */
export interface CurveOptions {
  /** Names of the arms to show, in any order; if not given, all that have runs. */
  readonly shown?: readonly string[];
  /** Steps if not given. */
  readonly x?: XAxis;
  /** Steps that columns of steps.csv are averaged over; none if not given. */
  readonly smooth?: number;
}

/** The columns that a figure shows if none are named: the clipped share only where something is clipped. */
export function defaultColumns(arms: readonly Arm<RunRows>[]): Column[] {
  return [
    'loss',
    'accuracy',
    'val_accuracy',
    'grad_norm',
    ...(arms.some(({ config }) => config.clip !== null) ? (['clip_fraction'] as const) : []),
  ];
}

/**
 * Checks the name of a column.
 *
 * @throws {UserError} E_USAGE, with the nearest name, if there is none such
 */
export function parseColumn(name: string): Column {
  const column = curveColumns.find((known) => known === name);
  if (column) return column;
  throw new UserError(
    'E_USAGE',
    `Expected a column of steps.csv or metrics.csv, got ${JSON.stringify(name)}${nearest(name, curveColumns)}.`,
    { hint: `There are ${curveColumns.join(', ')}.` },
  );
}

/**
 * The curves of arms. Those of one arm are the same, and look the same, whichever others there are or are shown.
 *
 * @param arms all of them
 * @param columns each once
 * @throws {UserError} E_RUN if there are none to show, E_DATA if none of the columns has a number, or no arm a place on
 *   the axis
 */
export function curvesOf(
  arms: readonly Arm<RunRows>[],
  columns: readonly Column[],
  band: Band,
  options: CurveOptions = {},
): Curves {
  const { shown, x = 'step', smooth = 0 } = options;
  const wanted = arms
    .map((arm, slot) => ({ arm, slot }))
    .filter(({ arm }) => (shown ? shown.includes(arm.name) : arm.runs.length > 0));
  if (wanted.length === 0) {
    throw new UserError('E_RUN', 'There is nothing to plot: no run has rows that can be read.', {
      hint: 'See what there is with `wnlstm ls`; start a run with `wnlstm train`.',
    });
  }
  const chosen = wanted.filter(({ arm }) => x !== 'epoch' || stepsPerEpoch(arm) !== null);
  if (chosen.length === 0) {
    throw new UserError('E_DATA', 'There is nothing to plot over epochs: no run has completed one.', {
      hint: 'Plot over steps, with `--x step`.',
    });
  }
  const curves = columns.map((column) =>
    curveOf(
      chosen.map(({ arm }) => arm),
      column,
      band,
      options,
    ),
  );
  if (curves.every(({ points }) => points.length === 0)) {
    throw new UserError('E_DATA', `There is nothing to plot: no finite number under ${columns.join(', ')}.`, {
      hint: 'Look at the rows of the CSV files in the folders of the runs, or choose other columns.',
    });
  }
  return {
    band,
    x,
    smooth,
    arms: chosen.map(({ arm, slot }) => ({
      name: arm.name,
      seeds: arm.runs.length,
      slot,
      binSteps: binsOfArm(arm).width,
    })),
    columns: curves,
    leftOut: wanted.filter((one) => !chosen.includes(one)).map(({ arm }) => arm.name),
  };
}

function curveOf(
  arms: readonly Arm<RunRows>[],
  column: Column,
  band: Band,
  { x: axis = 'step', smooth = 0 }: CurveOptions,
): Curve {
  const file = isOfSteps(column) ? 'steps.csv' : 'metrics.csv';
  const rowsOf = ({ steps, epochs }: RunRows): readonly Partial<StepRow & EpochRow>[] =>
    file === 'steps.csv' ? steps : epochs;
  const points = arms.flatMap((arm): CurvePoint[] => {
    const bins = binsOfArm(arm);
    const series = arm.runs.map((run) => {
      const cells = cellsOf(rowsOf(run), column);
      return file === 'steps.csv' ? binned(cells, bins, smooth) : unbinned(cells);
    });
    const ends = [...new Set(series.flatMap((values) => [...values.keys()]))].sort((a, b) => a - b);
    const places = positions(axis, arm, series, ends);
    return ends.flatMap((step) => {
      const x = places.get(step);
      if (x === undefined) return [];
      const values = series.flatMap((here) => here.get(step)?.value ?? []);
      return [{ arm: arm.name, step, x, ...summarise(values, band), n: values.length }];
    });
  });
  const isNotFinite = (value: number | null | undefined): boolean =>
    typeof value === 'number' && !Number.isFinite(value);
  const notFinite = arms
    .flatMap(({ runs }) => runs)
    .reduce((sum, run) => sum + rowsOf(run).filter((row) => isNotFinite(row[column])).length, 0);
  return { column, file, points, notFinite };
}

function isOfSteps(column: Column): boolean {
  return (stepColumns as readonly string[]).includes(column);
}

/** The bins of an arm depend on its own rows alone, and arms of equal length share them. */
function binsOfArm({ config, runs }: Arm<RunRows>): Bins {
  return binsOf(config.logEvery, Math.max(0, ...runs.flatMap(({ steps }) => steps.at(-1)?.step ?? [])));
}

function cellsOf(rows: readonly Partial<StepRow & EpochRow>[], column: Column): Cell[] {
  return rows.flatMap((row): Cell[] => {
    const { step = null, elapsed_seconds: seconds = null } = row;
    const value = row[column] ?? null;
    if (step === null) return [];
    return [{ step, value: value !== null && Number.isFinite(value) ? value : null, seconds }];
  });
}

/** Rows of metrics.csv stand for themselves. */
function unbinned(cells: readonly Cell[]): Map<number, Binned> {
  return new Map(
    cells.flatMap(({ step, value, seconds }) => (value === null ? [] : [[step, { value, seconds }]])),
  );
}

/**
 * Mean and band of one value a seed.
 *
 * @param values `[n]`, finite, n at least 1
 * @returns no band for n = 1
 */
export function summarise(
  values: readonly number[],
  band: Band,
): { mean: number; low: number | null; high: number | null } {
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
}
