/** @file Cancels the jobs of a sweep. */

import { slurm } from './command.js';
import { readJobs } from './jobs.js';
import { jobName, readQueue } from './queue.js';

/**
 * Cancels the jobs of a sweep that are in the queue, and no other job: both their ids and their name must be the sweep's.
 *
 * @returns the ids of the cancelled jobs
 * @throws {UserError} E_SLURM if the cluster does not answer
 */
export async function cancelJobs(sweep: string, directory: string): Promise<string[]> {
  const submitted = readJobs(directory).map(({ id }) => id);
  if (submitted.length === 0) return [];
  const queued = new Set([...(await readQueue(sweep)).keys()].map((task) => task.replace(/_.*/, '')));
  const ids = submitted.filter((id) => queued.has(id));
  if (ids.length > 0) await slurm('scancel', [`--name=${jobName(sweep)}`, ...ids], 'cancel the jobs');
  return ids;
}
