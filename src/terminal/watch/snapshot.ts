/** @file The watched runs at one moment, as text or as data. */

import { secondsLeft, type Watched, type WatchedRun } from '../../results/watched.js';
import { wrapWords } from '../../text/wrap.js';
import { headlineParts, secondsLeftOf } from './headline.js';
import { legendParts, marksOf, panelLines } from './panel.js';
import { runTable } from './run-table.js';
import { curvesOfLines, selectionOf } from './selection.js';
import type { WatchState } from './state.js';
import type { Setting } from './view.js';

/** The rows of the panel. */
const PANEL = 14;
const LEAST_WIDTH = 50;

/**
 * The curves and all rows of the table.
 *
 * @param width in characters; at least 50 are used
 */
export function snapshotText(
  watched: Watched,
  state: WatchState,
  width: number,
  { title, color }: Setting,
): string {
  const columns = Math.max(width, LEAST_WIDTH);
  const selection = selectionOf(watched, state);
  const table = runTable(selection.runs, marksOf(selection.lines, color), columns, color);
  return [
    color.bold(title),
    ...wrapWords(headlineParts(watched), columns, '  '),
    '',
    ...panelLines(selection, state.column, { width: columns, height: PANEL }, color),
    ...wrapWords(legendParts(selection.lines, color), columns, '  '),
    '',
    table.head,
    ...table.rows,
  ].join('\n');
}

/** The same as data: the runs in their order, and the points of the curves. */
export function snapshotData(watched: Watched, state: WatchState): object {
  const { runs, lines } = selectionOf(watched, state);
  const curves = curvesOfLines(lines, state.column);
  const points = curves?.columns[0]?.points ?? [];
  return {
    waiting: watched.waiting,
    seconds_left: secondsLeftOf(watched),
    runs: runs.map(runData),
    column: state.column,
    curves: lines.map(({ name, label, runs: members }) => ({
      arm: members[0]?.arm,
      label,
      points: points.filter(({ arm }) => arm === name).map(({ step, mean, n }) => ({ step, mean, n })),
    })),
    damage: watched.damage,
  };
}

function runData(watched: WatchedRun): object {
  const { run, name, sweep, arm, step, totalSteps, valAccuracy, steps, epochs, speed } = watched;
  const { record, config, directory, status } = run;
  return {
    run_id: record.run_id,
    dir: directory,
    name,
    sweep,
    arm,
    seed: config.seed,
    status,
    step,
    total_steps: totalSteps,
    steps_per_second: speed,
    seconds_left: secondsLeft(watched),
    loss: steps.last?.loss ?? null,
    accuracy: steps.last?.accuracy ?? null,
    val_loss: epochs.at(-1)?.val_loss ?? null,
    val_accuracy: valAccuracy,
    error: record.error,
  };
}
