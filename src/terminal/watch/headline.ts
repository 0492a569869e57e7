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
 * no estimate. A run whose speed is not known yet counts with the mean speed of the others.
 */
export function secondsToEnd({ runs, waiting }: Watched): number | null {
  const running = runs.filter(({ run }) => run.status === 'running');
  const usual = mean(running.flatMap(({ speed }) => speed ?? []));
  if (usual === null) return null;
  const speeds = running.map(({ speed }) => speed ?? usual);
  const length = mean(runs.flatMap(({ totalSteps }) => totalSteps ?? [])) ?? 0;
  const left = running.map(stepsLeft);
  const longest = Math.max(...left.map((steps, index) => steps / (speeds[index] ?? usual)));
  return Math.max(longest, (sum(left) + waiting * length) / sum(speeds));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Null without values. */
function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : sum(values) / values.length;
}

function stepsLeft({ step, totalSteps }: WatchedRun): number {
  return Math.max(0, (totalSteps ?? step) - step);
}
