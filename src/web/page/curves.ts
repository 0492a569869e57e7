/** @file Makes curves of rows: of each run that is shown, or of each arm. */

import type { ArmCurve, RowsFile, RunInfo, StartEvent } from '../shared/protocol.js';
import { smoothed } from '../shared/smooth.js';
import type { ViewState } from '../shared/view-state.js';
import type { Curve } from './panel.js';
import type { RowStore } from './rows.js';
import { curveColor } from './theme.js';

/** The colour and dash of a style. */
export interface Style {
  readonly color: string;
  readonly dash: readonly number[];
}

/** The style with an index. */
export function styleOf({ styles }: Pick<StartEvent, 'styles'>, index: number): Style {
  const { color, dash } = styles[index % styles.length] ?? { color: '#000000', dash: [] };
  return { color: curveColor(color), dash };
}

/** The file of a column: steps.csv if both files have it. */
export function fileOf({ columns }: Pick<StartEvent, 'columns'>, column: string): RowsFile {
  return columns['steps.csv'].includes(column) ? 'steps.csv' : 'metrics.csv';
}

/** Makes the curves of runs; curves whose rows have not changed are kept. */
export function createRunCurves(start: StartEvent, rows: RowStore) {
  const kept = new Map<string, { revision: string; x: ArrayLike<number>; y: ArrayLike<number> }>();
  return (
    run: RunInfo,
    column: string,
    { x, smooth }: ViewState,
    label: string,
    style: Style,
  ): Curve | null => {
    const file = fileOf(start, column);
    const steps = rows.column(run.key, file, 'step');
    const values = rows.column(run.key, file, column);
    const seconds = x === 'seconds' ? rows.column(run.key, file, 'elapsed_seconds') : null;
    if (!steps || !values || (x === 'seconds' && !seconds)) return null;
    const key = JSON.stringify([run.key, column]);
    const revision = [rows.revision(run.key, file), x, smooth, run.stepsPerEpoch].join();
    let found = kept.get(key);
    if (found?.revision !== revision) {
      const y = file === 'steps.csv' ? smoothed(steps, values, smooth) : values;
      found = { revision, x: positions(steps, seconds, run, x), y };
      kept.set(key, found);
    }
    return { key: run.key, label, ...style, x: found.x, y: found.y, band: null };
  };
}

/** Positions on the x axis; none for epochs while the length of an epoch is unknown. */
function positions(
  steps: Float64Array,
  seconds: Float64Array | null,
  { stepsPerEpoch }: RunInfo,
  x: ViewState['x'],
): ArrayLike<number> {
  switch (x) {
    case 'step':
      return steps;
    case 'epoch':
      return stepsPerEpoch === null ? [] : steps.map((step) => step / stepsPerEpoch);
    case 'seconds':
      return seconds ?? [];
    default:
      return x satisfies never;
  }
}

/** The curve of an arm. */
export function curveOfArm({ arm, seeds, x, mean, low, high }: ArmCurve, key: string, style: Style): Curve {
  const hasBand = low.some((value) => value !== null);
  const numbers = (values: readonly (number | null)[]): Float64Array =>
    Float64Array.from(values, (value) => value ?? Number.NaN);
  return {
    key,
    label: `${arm} (${seeds === 1 ? '1 seed' : `${seeds} seeds`})`,
    ...style,
    x,
    y: mean,
    band: hasBand ? { low: numbers(low), high: numbers(high) } : null,
  };
}

/** The share of the x axis by which it grows at a time. */
const GROWTH = 0.03;

/**
 * The range of all points of curves on the x axis, from 0; null without points.
 *
 * @param isLive whether curves grow: the range then has some room, so that it does not change with every row
 */
export function extentOf(curves: readonly Curve[], isLive: boolean): [number, number] | null {
  const ends = curves.map(({ x }) => Number(x[x.length - 1] ?? 0)).filter((end) => end > 0);
  if (ends.length === 0) return null;
  const last = Math.max(...ends);
  const unit = 10 ** Math.floor(Math.log10(last)) * GROWTH;
  return [0, isLive ? Math.ceil(last / unit) * unit : last];
}
