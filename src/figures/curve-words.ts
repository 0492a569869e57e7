/** @file Curves in words and numbers: what was left out, what arms and bands are called, and the plotted points as CSV. */

import type { Curves } from './curves.js';

/** What a reader of the curves has to know and does not see: what is left out, a sentence each. */
export function curveNotes(curves: Curves): string[] {
  return [
    ...curves.leftOut.map(
      (name) =>
        `${name} is left out: no run of it has completed an epoch, which tells how many steps one has.`,
    ),
    ...smoothNotes(curves),
    ...curves.columns.flatMap(({ column, points, notFinite }) => [
      ...(points.length === 0 ? [`${column} has no finite number and is not shown.`] : []),
      ...(points.length > 0 && notFinite > 0
        ? [
            `${column}: ${notFinite} ${notFinite === 1 ? 'cell that is' : 'cells that are'} not finite left out.`,
          ]
        : []),
    ]),
  ];
}

/** Why smoothing changes nothing, if that is so. */
function smoothNotes(curves: Curves): string[] {
  const { smooth, arms } = curves;
  if (smooth === 0) return [];
  if (!hasSteps(curves)) return [`--smooth ${smooth} changes nothing: no column of steps.csv is shown.`];
  const least = Math.min(...arms.map(({ binSteps }) => binSteps));
  return smooth > least
    ? []
    : [`--smooth ${smooth} changes nothing: each point is already the mean over ${least} steps or more.`];
}

function hasSteps({ columns }: Curves): boolean {
  return columns.some(({ file, points }) => file === 'steps.csv' && points.length > 0);
}

/**
 * The plotted numbers as CSV, with as many digits as read back to the same number; an empty cell is no band. What the axis
 * shows, if not steps, is in a last column.
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

/**
 * An arm's name with how many runs it stands for: `wn (8 seeds)`, `base (8 seeds, 5 to the end)`.
 *
 * @param arm index of the arm
 */
export function armLabel({ arms, columns }: Curves, arm: number): string {
  const { name, seeds } = arms[arm];
  const last = columns.flatMap(({ points }) => {
    const point = points.filter((candidate) => candidate.arm === name).at(-1);
    return point ? [point.n] : [];
  });
  const atEnd = last.length === 0 ? 0 : Math.min(...last);
  const rest = atEnd < seeds ? `, ${atEnd === 0 ? 'no numbers' : `${atEnd} to the end`}` : '';
  return `${name} (${seeds} ${seeds === 1 ? 'seed' : 'seeds'}${rest})`;
}

/**
 * What the curves are, in words: the mean, its band, and how they are smoothed, a line each as far as there is any.
 *
 * @param drawn what shows the band; null if nothing does
 */
export function curveLegend(curves: Curves, drawn: string | null = 'band'): string[] {
  const { band, columns, smooth } = curves;
  const words = {
    ci: '95 % interval of the mean',
    sd: '± 1 standard deviation',
    range: 'smallest to largest',
  };
  const isMean = columns.some(({ points }) => points.some(({ low }) => low !== null));
  return [
    ...(isMean ? [`mean over seeds${drawn === null ? '' : `; ${drawn}: ${words[band]}`}`] : []),
    ...(smooth > 0 && hasSteps(curves) ? [`training curves: mean over the last ${smooth} steps`] : []),
  ];
}
