/** @file A child process that runs one job. It reports to its parent, and stops on request or when its parent has ended. */

import { onStopSignal } from '../signals.js';
import type { Job, JobEnd } from './executor.js';
import { runJob } from './job.js';

/** A message to a worker: the job, and later perhaps the request to stop. */
export type ToWorker = { kind: 'job'; job: Job; threads: number } | { kind: 'stop' };

/** A message from a worker. */
export type FromWorker = { kind: 'step'; step: number } | { kind: 'end'; end: JobEnd };

const stop = new AbortController();

process.on('message', (message: ToWorker) => {
  if (message.kind === 'stop') stop.abort();
  else void work(message.job, message.threads);
});
process.on('disconnect', () => stop.abort()); // the sweep was killed
onStopSignal((signal) => {
  if (signal !== 'SIGHUP') stop.abort(); // a worker has no terminal; the sweep handles SIGHUP
});

async function work(job: Job, threads: number): Promise<void> {
  const end = await runJob(job, threads, (step) => send({ kind: 'step', step }), stop.signal);
  send({ kind: 'end', end }, () => process.connected && process.disconnect());
}

function send(message: FromWorker, sent: () => void = () => {}): void {
  if (process.connected) process.send?.(message, sent);
  else sent();
}
