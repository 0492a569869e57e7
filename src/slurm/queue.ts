/** @file The tasks of a sweep that are in the queue of the cluster. */

import { slurm } from './command.js';

/** A task of a job array in the queue. */
export interface QueuedTask {
  /** The id of the array and the index of the task, such as `12_3`. */
  readonly id: string;
  /** Its state, such as PENDING or RUNNING. */
  readonly state: string;
  /** Why it waits, such as Resources; None if there is no reason. */
  readonly reason: string;
}

/** The default of Slurm, for clusters that do not tell. */
const DEFAULT_ARRAY_SIZE = 1001;

/** The name of the jobs of a sweep. */
export function jobName(sweep: string): string {
  return `wnlstm-${sweep}`;
}

/**
 * The tasks with the name of a sweep's jobs that are in the queue, pending or running, by their ids.
 *
 * @throws {UserError} E_SLURM if the cluster does not answer
 */
export async function readQueue(sweep: string): Promise<ReadonlyMap<string, QueuedTask>> {
  const args = ['-h', '-r', '-o', '%i|%T|%r', '--name', jobName(sweep)];
  return parseQueue(await slurm('squeue', args, 'read the queue'));
}

/** Parses the output of `squeue -h -r -o '%i|%T|%r'`. */
export function parseQueue(text: string): ReadonlyMap<string, QueuedTask> {
  const tasks = new Map<string, QueuedTask>();
  for (const line of text.split('\n')) {
    const [id, state, ...reason] = line.trim().split('|');
    if (id && state && /^\d+_\d+$/.test(id)) tasks.set(id, { id, state, reason: reason.join('|') });
  }
  return tasks;
}

/**
 * The largest number of tasks in a job array.
 *
 * @throws {UserError} E_SLURM if the cluster does not answer
 */
export async function maxArraySize(): Promise<number> {
  return parseArraySize(await slurm('scontrol', ['show', 'config'], 'read the configuration of the cluster'));
}

/** Parses MaxArraySize in the output of `scontrol show config`. */
export function parseArraySize(text: string): number {
  const [, size] = /^MaxArraySize\s*=\s*(\d+)/m.exec(text) ?? [];
  return Math.max(1, Number(size ?? DEFAULT_ARRAY_SIZE));
}
