/** @file Where the runs of a sweep stand: with a result, in the queue, or lost. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ioError, systemCode } from '../errors.js';
import { ownerOf } from '../runs/lock.js';
import type { PlannedRun } from '../sweep/plan.js';
import { singleLine } from '../text/printable.js';
import { logOf, type SubmittedJob, slurmFolder } from './jobs.js';
import type { QueuedTask } from './queue.js';
import { FAILURE } from './script.js';

/** Where a run without a result stands. */
export type Standing =
  | { readonly kind: 'queued'; readonly task: QueuedTask }
  /** Another process trains it, such as `wnlstm work` on a lab machine. */
  | { readonly kind: 'owned' }
  /** Its last task left the queue without a result. */
  | { readonly kind: 'lost'; readonly task: string }
  | { readonly kind: 'new' };

/** Finds where a run without a result stands. */
export function standingOf(
  directory: string,
  { id }: PlannedRun,
  tasks: ReadonlyMap<string, readonly string[]>,
  queue: ReadonlyMap<string, QueuedTask>,
): Standing {
  const own = tasks.get(id) ?? [];
  for (const name of own) {
    const task = queue.get(name);
    if (task) return { kind: 'queued', task };
  }
  if (ownerOf(join(directory, id)) !== null) return { kind: 'owned' };
  const last = own.at(-1);
  return last === undefined ? { kind: 'new' } : { kind: 'lost', task: last };
}

/** The tasks that each run was submitted in, the oldest first, such as `12_3`. */
export function tasksByRun(jobs: readonly SubmittedJob[]): ReadonlyMap<string, readonly string[]> {
  const tasks = new Map<string, string[]>();
  for (const job of jobs) {
    for (const [index, runs] of job.tasks.entries()) {
      for (const run of runs) tasks.set(run, [...(tasks.get(run) ?? []), `${job.id}_${index}`]);
    }
  }
  return tasks;
}

/**
 * Why a task left no result for a run, from the task's log; null if it was cancelled, or if the log does not say.
 *
 * @param started whether the task is known to have started
 */
export function failureOf(
  directory: string,
  task: string,
  { arm, seed }: PlannedRun,
  started: boolean,
): string | null {
  const text = readLog(logOf(directory, task));
  if (text === null) {
    return started
      ? `task ${task} left no log: its node does not see ${slurmFolder(directory)}, which must be on a file system that all nodes share`
      : null;
  }
  const lines = text.slice(Math.max(0, text.lastIndexOf(' starts on '))).split('\n');
  const ofRun = `failed  ${arm} seed ${seed}: `;
  const line = lines.findLast((each) => each.startsWith(ofRun)) ?? lines.findLast(isReason);
  return line === undefined
    ? null
    : singleLine(line.replace(ofRun, '').replace(FAILURE, '').replace(/\.$/, ''));
}

function readLog(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw ioError(`read ${path}`, error);
  }
}

/** Whether a line of a log is a reason: written by the batch script, or by Slurm unless it says that the task was cancelled. */
function isReason(line: string): boolean {
  if (line.startsWith(FAILURE)) return true;
  // slurmstepd, or slurmstepd-HOST
  return /^slurmstepd\S*: error: /.test(line) && (!line.includes('CANCELLED') || line.includes('TIME LIMIT'));
}
