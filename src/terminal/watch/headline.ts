/** @file The state of all watched runs in one line. */

import type { Watched, WatchedRun } from '../../results/watched.js';
import type { Status } from '../../runs/record.js';
import { plural } from '../../text/plural.js';
import { seconds } from '../format.js';

/** The states that are counted if there are such runs, in this order. */
const COUNTED: readonly Status[] = ['running', 'interrupted', 'stale', 'failed', 'diverged'];

/** The counts of runs, and the time left, in parts such as `6 of 24 runs finished` and `ETA 3 min 20 s`. */
export function headlineParts(watched: Watched): string[] {
  const { runs, waiting } = watched;
  const count = (status: Status): number => runs.filter(({ run }) => run.status === status).length;
  const all = runs.length + waiting;
  const left = secondsToEnd(watched);
  return [
    `${count('completed') + count('diverged')} of ${plural(all, 'run')} finished`,
    ...COUNTED.filter((status) => count(status) > 0).map((status) => `${count(status)} ${status}`),
    ...(waiting > 0 ? [`${waiting} waiting`] : []),
    ...(left === null ? [] : [`ETA ${seconds(left)}`]),
  ];
}

/**
 * The estimated seconds until the running and the waiting runs end, if as many runs train at a time as now; null if there is
 * no estimate.
 */
export function secondsToEnd({ runs, waiting }: Watched): number | null {
  const running = runs.filter(({ run }) => run.status === 'running');
  const speeds = running.flatMap(({ speed }) => speed ?? []);
  if (speeds.length === 0 || speeds.length < running.length) return null;
  const lengths = runs.flatMap(({ totalSteps }) => totalSteps ?? []);
  const length = lengths.reduce((sum, steps) => sum + steps, 0) / Math.max(1, lengths.length);
  const left = running.reduce((sum, run) => sum + stepsLeft(run), 0) + waiting * length;
  const atOnce = left / speeds.reduce((sum, speed) => sum + speed, 0);
  const longest = Math.max(...running.map((run) => stepsLeft(run) / (run.speed ?? Number.NaN)));
  return Math.max(atOnce, longest);
}

function stepsLeft({ step, totalSteps }: WatchedRun): number {
  return Math.max(0, (totalSteps ?? step) - step);
}
