/**
 * @file A child process that runs jobs, each in its own lane. It reports to its parent, stops lanes on request and all of them
 * when its parent has ended, and exits when its parent closes the channel.
 */

import { type Dataset, readDataset } from '../data/mnist.js';
import { onStopSignal } from '../signals.js';
import type { Job, JobEnd, Means } from './executor.js';
import { runJob } from './job.js';

/** A message to a worker: a job for a free lane, or the request to stop the job of a lane. */
export type ToWorker =
  | { readonly kind: 'job'; readonly lane: number; readonly job: Job; readonly means: Means }
  | { readonly kind: 'stop'; readonly lane: number };

/** A message from a worker. */
export type FromWorker =
  | { readonly kind: 'step'; readonly lane: number; readonly step: number }
  | { readonly kind: 'end'; readonly lane: number; readonly end: JobEnd };

/** The lanes with a job. */
const lanes = new Map<number, AbortController>();
/** The data sets that were read, so that all lanes share them. */
const datasets = new Map<string | null, Dataset>();

process.on('message', (message: ToWorker) => {
  if (message.kind === 'stop') lanes.get(message.lane)?.abort();
  else void work(message.lane, message.job, message.means);
});
process.on('disconnect', stopAll); // the sweep has no more jobs, or was killed
onStopSignal((signal) => {
  if (signal !== 'SIGHUP') stopAll(); // a worker has no terminal; the sweep handles SIGHUP
});

async function work(lane: number, job: Job, means: Means): Promise<void> {
  const stop = new AbortController();
  lanes.set(lane, stop);
  const end = await runJob(job, means, (step) => send({ kind: 'step', lane, step }), stop.signal, read);
  lanes.delete(lane);
  send({ kind: 'end', lane, end });
}

function stopAll(): void {
  for (const stop of lanes.values()) stop.abort();
}

function read(directory: string | null): Dataset {
  const known = datasets.get(directory);
  if (known) return known;
  const dataset = readDataset(directory);
  datasets.set(directory, dataset);
  return dataset;
}

function send(message: FromWorker): void {
  if (process.connected) process.send?.(message, () => {}); // the parent may end at this moment
}
