/** @file A child process that does one job: takes it from its parent, tells it how far it is, stops when it is told to or is alone. */

import { onStopSignal } from '../signals.js';
import type { Job, JobEnd, JobProgress } from './executor.js';
import { runJob } from './job.js';

/** To a worker: what to do; then, maybe, to stop. */
export type ToWorker = { kind: 'job'; job: Job; threads: number } | { kind: 'stop' };

/** From a worker. */
export type FromWorker = { kind: 'progress'; progress: JobProgress } | { kind: 'end'; end: JobEnd };

const PROGRESS_MS = 200;
const stop = new AbortController();

process.on('message', (message: ToWorker) => {
  if (message.kind === 'stop') stop.abort();
  else void work(message.job, message.threads);
});
process.on('disconnect', () => stop.abort()); // the sweep was killed: nobody else would end this
// the sweep was killed: nobody else would end this
onStopSignal((signal) => {
  if (signal !== 'SIGHUP') stop.abort(); // it has no terminal of its own: what a hang-up means is for the sweep to say
});

async function work(job: Job, threads: number): Promise<void> {
  let last = 0;
  const onProgress = (progress: JobProgress): void => {
    if (performance.now() - last < PROGRESS_MS && progress.step < progress.totalSteps) return;
    last = performance.now();
    send({ kind: 'progress', progress });
  };
  const end = await runJob(job, threads, onProgress, stop.signal);
  send({ kind: 'end', end }, () => process.connected && process.disconnect());
}

function send(message: FromWorker, sent: () => void = () => {}): void {
  if (process.connected) process.send?.(message, sent);
  else sent();
}
