/** @file A worker: computes the runs of a plan that nobody has, until none is left. Any number of workers can share a folder. */

import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { UserError } from '../errors.js';
import { refreshFolder } from '../files.js';
import { listCheckpoints } from '../runs/checkpoint.js';
import { ownerOf } from '../runs/lock.js';
import { runPaths } from '../runs/paths.js';
import { readRecord, readResult } from '../runs/reading.js';
import type { Executor, JobEnd } from './executor.js';
import type { PlannedRun } from './plan.js';
import { runSweep, type SweepEvent } from './scheduler.js';

/** How a worker behaves. */
export interface WorkOptions {
  /** Whether to exit when no run can be taken, instead of waiting for the runs of other workers. */
  readonly idleExit: boolean;
  /** When aborted, all jobs stop. */
  readonly signal: AbortSignal;
  /** Time between two looks at the runs of other workers. */
  readonly pollMs: number;
}

/** A run that made no step in its last two starts fails: something on the machines, not in the run, is wrong. */
const MOST_STARTS = 2;

/**
 * Computes runs until each has a result or has failed here. A run whose owner dies is taken over.
 *
 * @param runs the runs to consider, in this order
 * @param directory the folder of the sweep
 * @returns how each run ended that this worker took
 */
export async function work(
  runs: readonly PlannedRun[],
  directory: string,
  executor: Executor,
  { idleExit, signal, pollMs }: WorkOptions,
  onEvent: (event: SweepEvent) => void,
): Promise<ReadonlyMap<PlannedRun, JobEnd>> {
  const ends = new Map<PlannedRun, JobEnd>();
  const folderOf = ({ id }: PlannedRun): string => join(directory, id);
  const isOpen = (run: PlannedRun): boolean => {
    if (ends.get(run)?.kind === 'failed') return false;
    refreshFolder(folderOf(run));
    return readResult(folderOf(run), run.id) === null;
  };
  const isFree = (run: PlannedRun): boolean => isOpen(run) && ownerOf(folderOf(run)) === null;

  while (!signal.aborted) {
    const open = runs.filter(isOpen);
    for (const run of open.filter((each) => isStuck(folderOf(each)))) {
      const end = { kind: 'failed', reason: stuckReason(folderOf(run)) } as const;
      ends.set(run, end);
      onEvent({ kind: 'end', run, end });
    }
    const free = open.filter(isFree);
    if (free.length > 0) {
      const options = { failFast: false, signal, ifLocked: 'leave', canStart: isFree } as const;
      for (const [run, end] of await runSweep(free, directory, executor, options, onEvent))
        if (end.kind !== 'taken') ends.set(run, end);
    } else if (idleExit || open.every((run) => ends.get(run)?.kind === 'failed')) break;
    else await setTimeout(pollMs, undefined, { signal }).catch(() => {}); // aborted: the loop ends
  }
  return ends;
}

/** Whether the last starts of a run made no step, so that another one would not either. */
function isStuck(folder: string): boolean {
  try {
    const { starts = 0, start_step: startStep = 0, status } = readRecord(folder) ?? {};
    if (starts < MOST_STARTS || status === 'completed' || status === 'diverged') return false;
    const lastStep = listCheckpoints(runPaths(folder).checkpoints).at(-1) ?? 0;
    return lastStep <= startStep && ownerOf(folder) === null;
  } catch (error) {
    if (error instanceof UserError) return false; // training the run reports the damage
    throw error;
  }
}

function stuckReason(folder: string): string {
  return `its last ${MOST_STARTS} starts made no step; to see why, run \`wnlstm resume ${folder}\``;
}
