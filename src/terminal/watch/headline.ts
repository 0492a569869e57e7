/** @file The state of all watched runs in one line. */

import { secondsToEnd } from '../../results/estimate.js';
import type { Watched } from '../../results/watched.js';
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
  const left = secondsLeftOf(watched);
  return [
    `${count('completed') + count('diverged')} of ${plural(all, 'run')} finished`,
    ...COUNTED.filter((status) => count(status) > 0).map((status) => `${count(status)} ${status}`),
    ...(waiting > 0 ? [`${waiting} waiting`] : []),
    ...(left === null ? [] : [`ETA ${seconds(left)}`]),
  ];
}

/** The estimated seconds until all runs end; null if there is no estimate. */
export function secondsLeftOf({ runs, waiting }: Watched): number | null {
  return secondsToEnd(
    runs.map((each) => ({ ...each, isRunning: each.run.status === 'running' })),
    waiting,
  );
}
