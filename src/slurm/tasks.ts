/** @file Groups runs into tasks, because a queue is no place for jobs of a few seconds. */

import type { Dataset } from '../data/mnist.js';
import { UserError } from '../errors.js';
import { estimateEach } from '../sweep/estimate.js';
import type { PlannedRun } from '../sweep/plan.js';
import { type SlurmOptions, secondsOf } from './options.js';

/** The duration of a task of several runs. */
const TASK_SECONDS = 600;

/**
 * Groups runs into tasks: as many to a task as `runsPerTask` says, or as fill about ten minutes, at most half of the time
 * limit.
 *
 * @returns the ids of the runs of each task
 */
export async function groupRuns(
  runs: readonly PlannedRun[],
  dataset: Dataset,
  options: SlurmOptions,
): Promise<string[][]> {
  const { runsPerTask, cpus, time } = options;
  const ids = runs.map(({ id }) => id);
  if (runsPerTask !== undefined)
    return fill(
      ids,
      ids.map(() => 1),
      runsPerTask,
    );
  const limit = (time === undefined ? null : secondsOf(time)) ?? Number.POSITIVE_INFINITY;
  const seconds = await estimates(runs, dataset);
  // A task trains as many runs at the same time as it has cores.
  return fill(ids, seconds, Math.min(TASK_SECONDS, limit / 2) * cpus);
}

/** The seconds of each run on one core of this machine; endless for a backend that this machine does not have. */
async function estimates(runs: readonly PlannedRun[], dataset: Dataset): Promise<number[]> {
  try {
    return await estimateEach(runs, dataset, 1);
  } catch (error) {
    if (error instanceof UserError && error.code === 'E_BACKEND')
      return runs.map(() => Number.POSITIVE_INFINITY);
    throw error;
  }
}

/** Fills tasks in order, each with at least one run and then as long as the sum of sizes stays within the limit. */
export function fill(ids: readonly string[], sizes: readonly number[], limit: number): string[][] {
  const tasks: string[][] = [];
  let total = 0;
  for (const [index, id] of ids.entries()) {
    const size = sizes[index] ?? 0;
    const task = tasks.at(-1);
    total += size;
    if (task !== undefined && total <= limit) {
      task.push(id);
    } else {
      tasks.push([id]);
      total = size;
    }
  }
  return tasks;
}

/** Splits tasks into job arrays of at most `size` tasks. */
export function chunks<T>(tasks: readonly T[], size: number): T[][] {
  const arrays: T[][] = [];
  for (let start = 0; start < tasks.length; start += size) arrays.push(tasks.slice(start, start + size));
  return arrays;
}
