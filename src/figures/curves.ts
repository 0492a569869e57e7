/** @file Learning curves: a column of the CSV files as means and bands over the seeds of an arm. */

import { type Binned, type Bins, binned, binsOf, type Cell } from '../compare/bins.js';
import { mean, standardDeviation, tInterval } from '../compare/stats.js';
import { UserError } from '../errors.js';
import type { Arm, RunRows } from '../results/arm.js';
import { type EpochRow, epochColumns, type StepRow, stepColumns } from '../runs/metrics.js';
import { nearest } from '../text/nearest.js';
import { positions, stepsPerEpoch, type XAxis } from './x-axis.js';

/** The band around a mean: its 95 % t interval, one standard deviation, or the minimum and maximum over seeds. */
export type Band = 'ci' | 'sd' | 'range';
export const bands = ['ci', 'sd', 'range'] as const satisfies readonly Band[];

/** A column that can be plotted. */
export type Column = (typeof stepColumns)[number] | (typeof epochColumns)[number];
/** The columns of steps.csv, then the additional columns of metrics.csv. */
export const curveColumns: readonly Column[] = [...new Set<Column>([...stepColumns, ...epochColumns])];

/** The mean over the seeds of an arm at a training step; low and high are null for a single seed. */
export interface CurvePoint {
  readonly arm: string;
  readonly step: number;
  /** The position of the step on the x axis. */
  readonly x: number;
  readonly mean: number;
  readonly low: number | null;
  readonly high: number | null;
  /** The number of seeds with a value at this step. */
  readonly n: number;
}

/** One column of all arms. */
export interface Curve {
  readonly column: Column;
  /** The file of the column; steps.csv if both files have it. */
  readonly file: 'steps.csv' | 'metrics.csv';
  /** Sorted by arm, then by step. */
  readonly points: readonly CurvePoint[];
  /** The number of cells that are NaN or infinite and therefore not plotted. */
  readonly notFinite: number;
}

/** An arm of a figure. */
export interface CurveArm {
  readonly name: string;
  readonly seeds: number;
  /** The index among all arms, including those not shown. It determines colour, dash and marker. */
  readonly styleIndex: number;
  /** The number of steps that each point of steps.csv averages, at least. */
  readonly binSteps: number;
}

/** The content of a figure of curves. */
export interface Curves {
  readonly band: Band;
  readonly x: XAxis;
  /** The number of preceding steps that points of steps.csv average; 0 without smoothing. */
  readonly smooth: number;
  readonly arms: readonly CurveArm[];
  readonly columns: readonly Curve[];
  /** The names of requested arms that have no positions on the x axis. */
  readonly excluded: readonly string[];
}

export interface CurveOptions {
  /** The names of the arms to show, in any order (default: all that have runs). */
  readonly shown?: readonly string[];
  /** Default: steps. */
  readonly x?: XAxis;
  /** The number of steps to average columns of steps.csv over (default: no smoothing). */
  readonly smooth?: number;
}

/** The default columns of a figure; the clipped fraction only if an arm clips gradients. */
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
 * @throws {UserError} E_USAGE for an unknown name
 */
export function parseColumn(name: string): Column {
  const column = curveColumns.find((known) => known === name);
  if (column) return column;
  throw new UserError(
    'E_USAGE',
    `Expected a column of steps.csv or metrics.csv, got ${JSON.stringify(name)}${nearest(name, curveColumns)}.`,
    { hint: `The columns are ${curveColumns.join(', ')}.` },
  );
}

/**
 * The curves of arms. The curves and the style of an arm do not depend on which other arms are shown.
 *
 * @param arms all arms, including those not shown
 * @param columns without duplicates
 * @throws {UserError} E_RUN if there is no arm to show, E_DATA if no column has a finite value, or no arm has positions
 *   on the x axis
 */
export function curvesOf(
  arms: readonly Arm<RunRows>[],
  columns: readonly Column[],
  band: Band,
  options: CurveOptions = {},
): Curves {
  const { shown, x = 'step', smooth = 0 } = options;
  const requested = arms
    .map((arm, styleIndex) => ({ arm, styleIndex }))
    .filter(({ arm }) => (shown ? shown.includes(arm.name) : arm.runs.length > 0));
  if (requested.length === 0) {
    throw new UserError('E_RUN', 'Nothing to plot: no run has readable rows.', {
      hint: 'List the runs with `wnlstm ls`; train one with `wnlstm train`.',
    });
  }
  const [plotted, excluded] = partition(requested, ({ arm }) => x !== 'epoch' || stepsPerEpoch(arm) !== null);
  if (plotted.length === 0) {
    throw new UserError('E_DATA', 'Nothing to plot over epochs: no run has completed an epoch.', {
      hint: 'Plot over steps: `--x step`.',
    });
  }
  const plottedArms = plotted.map(({ arm }) => arm);
  const curves = columns.map((column) => curveOf(plottedArms, column, band, { x, smooth }));
  if (curves.every(({ points }) => points.length === 0)) {
    throw new UserError('E_DATA', `Nothing to plot: no finite value in ${columns.join(', ')}.`, {
      hint: 'Check the CSV files in the folders of the runs, or choose other columns with `--columns`.',
    });
  }
  return {
    band,
    x,
    smooth,
    arms: plotted.map(({ arm, styleIndex }) => ({
      name: arm.name,
      seeds: arm.runs.length,
      styleIndex,
      binSteps: binsOfArm(arm).width,
    })),
    columns: curves,
    excluded: excluded.map(({ arm }) => arm.name),
  };
}

function partition<Item>(items: readonly Item[], test: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}

function curveOf(
  arms: readonly Arm<RunRows>[],
  column: Column,
  band: Band,
  { x: axis, smooth }: Required<Pick<CurveOptions, 'x' | 'smooth'>>,
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

/** The bins of an arm depend only on its own rows; arms of equal length have equal bins. */
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

/** Rows of metrics.csv are not averaged. */
function unbinned(cells: readonly Cell[]): Map<number, Binned> {
  return new Map(
    cells.flatMap(({ step, value, seconds }) => (value === null ? [] : [[step, { value, seconds }]])),
  );
}

/**
 * The mean and the band of one value per seed.
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
    // Rounding can move the mean outside of the values.
    range: () => [Math.min(...values, centre), Math.max(...values, centre)],
  }[band]();
  return { mean: centre, low, high };
}
