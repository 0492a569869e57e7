/** @file The text around curves: notes, arm labels and the legend; and the plotted points as CSV. */

import type { CurveArm, Curves } from './curves.js';

/** Notes on what the figure leaves out, one sentence each. */
export function curveNotes(curves: Curves): string[] {
  return [
    ...curves.excluded.map(
      (name) => `${name} is not shown: it has no completed epoch, so its steps per epoch are unknown.`,
    ),
    ...smoothNotes(curves),
    ...curves.columns.flatMap(({ column, points, notFinite }) => {
      if (points.length === 0) return [`${column} is not shown: it has no finite value.`];
      if (notFinite === 0) return [];
      const values = notFinite === 1 ? 'value is' : 'values are';
      return [`${column}: ${notFinite.toLocaleString('en')} non-finite ${values} not shown.`];
    }),
  ];
}

/** Notes on a smoothing option that has no effect. */
function smoothNotes(curves: Curves): string[] {
  const { smooth, arms } = curves;
  if (smooth === 0) return [];
  if (!hasSteps(curves)) return [`--smooth ${smooth} has no effect: no column of steps.csv is shown.`];
  const least = Math.min(...arms.map(({ binSteps }) => binSteps));
  return smooth > least
    ? []
    : [`--smooth ${smooth} has no effect: each point is already a mean over ${least} steps or more.`];
}

function hasSteps({ columns }: Curves): boolean {
  return columns.some(({ file, points }) => file === 'steps.csv' && points.length > 0);
}

/**
 * The plotted points as CSV, with shortest round-trip decimals; a cell without a band is empty. If the x axis does not
 * show steps, its values are the last column.
 */
export function curvesCsv({ columns, x: axis }: Curves): string {
  const name = (arm: string): string => (/[",\r\n]/.test(arm) ? `"${arm.replaceAll('"', '""')}"` : arm);
  const lines = columns.flatMap(({ column, points }) =>
    points.map(({ arm, step, x, mean, low, high, n }) =>
      [column, name(arm), step, mean, low ?? '', high ?? '', n, ...(axis === 'step' ? [] : [x])].join(','),
    ),
  );
  const header = ['column,arm,step,mean,low,high,n', ...(axis === 'step' ? [] : [axis])].join(',');
  return `${[header, ...lines].join('\n')}\n`;
}

/** The name of an arm with its number of seeds: `wn (8 seeds)`, `base (8 seeds, 5 to the end)`. */
export function armLabel({ columns }: Curves, { name, seeds }: CurveArm): string {
  const last = columns.flatMap(({ points }) => points.findLast(({ arm }) => arm === name)?.n ?? []);
  const atEnd = last.length === 0 ? 0 : Math.min(...last);
  const rest = atEnd < seeds ? `, ${atEnd === 0 ? 'no values' : `${atEnd} to the end`}` : '';
  return `${name} (${seeds} ${seeds === 1 ? 'seed' : 'seeds'}${rest})`;
}

/**
 * The lines of a legend: the mean and its band, and the smoothing, where they apply.
 *
 * @param drawn what shows the band; null if nothing does
 */
export function curveLegend(curves: Curves, drawn: string | null = 'band'): string[] {
  const { band, columns, smooth } = curves;
  const descriptions = {
    ci: '95 % interval of the mean',
    sd: '± 1 standard deviation',
    range: 'minimum to maximum',
  };
  const hasBand = columns.some(({ points }) => points.some(({ low }) => low !== null));
  return [
    ...(hasBand ? [`mean over seeds${drawn === null ? '' : `; ${drawn}: ${descriptions[band]}`}`] : []),
    ...(smooth > 0 && hasSteps(curves) ? [`training curves: mean over the last ${smooth} steps`] : []),
  ];
}
