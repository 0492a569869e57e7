/** @file The text that `wnlstm work` prints at the end. */

import { join } from 'node:path';
import { readResult } from '../runs/reading.js';
import type { JobEnd } from '../sweep/executor.js';
import type { PlannedRun } from '../sweep/plan.js';
import { plural } from '../text/plural.js';
import type { Io } from './io.js';

/**
 * Prints what a worker did.
 *
 * @returns whether a run failed
 */
export function reportWork(
  name: string,
  folder: string,
  runs: readonly PlannedRun[],
  ends: ReadonlyMap<PlannedRun, JobEnd>,
  options: { readonly quiet?: boolean; readonly json?: boolean; readonly isTask: boolean },
  io: Io,
): boolean {
  const count = (kind: JobEnd['kind']): number =>
    [...ends.values()].filter((end) => end.kind === kind).length;
  const left = runs.filter(({ id }) => readResult(join(folder, id), id) === null).length;
  const [completed, diverged, failed] = [count('completed'), count('diverged'), count('failed')];
  for (const [run, end] of ends) {
    if (end.kind !== 'failed') continue;
    io.err(io.errColor.red(`failed  ${run.arm} seed ${run.seed}: ${end.reason}`));
    io.err(io.errColor.dim(join(folder, run.id, 'log.txt')));
  }
  if (options.json) {
    io.out(JSON.stringify({ name, dir: folder, runs: runs.length, completed, diverged, failed, left }));
  } else if (!options.quiet) {
    const others = [diverged > 0 ? `${diverged} diverged` : '', failed > 0 ? `${failed} failed` : ''];
    const done = [`${plural(completed, 'run')} completed`, ...others.filter(Boolean)].join(', ');
    const all = options.isTask ? 'every run of this task has a result' : 'every run has a result';
    const rest = left === 0 ? all : `${plural(left, 'run')} without a result`;
    io.out(`${name}: ${done} by this worker; ${rest}`);
  }
  return failed > 0;
}
