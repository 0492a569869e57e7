/** @file A child process with a worker, as its parent sees it. */

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Job, JobEnd, Means } from './executor.js';
import type { FromWorker, ToWorker } from './worker.js';

const WORKER = fileURLToPath(new URL('./worker.js', import.meta.url));

/** The number of characters that are kept of what a child prints. */
const OUTPUT_CHARACTERS = 4000;

/** The end of a child process in which a job was running. */
export interface Crash {
  readonly kind: 'crashed';
  /** One line. */
  readonly reason: string;
  /** The last lines that the process printed, if they are not in a file. */
  readonly output: string;
}

/** A child process that runs jobs, each in its own lane. */
export interface Child {
  /**
   * Runs a job to its end.
   *
   * @param lane a lane without a job
   * @param onStep receives the number of completed steps, from time to time
   * @param signal when aborted, the run writes a checkpoint and ends as `interrupted`
   */
  run(
    lane: number,
    job: Job,
    means: Means,
    onStep: (step: number) => void,
    signal: AbortSignal,
  ): Promise<JobEnd | Crash>;
  /** Whether the process has not ended yet, as far as this process knows. */
  readonly isRunning: () => boolean;
  /** Lets the process exit when its jobs have ended; resolves when it has. Gives it no more jobs. */
  close(): Promise<void>;
  /** Kills the process. */
  kill(): void;
}

/**
 * Starts a child process.
 *
 * @param environment variables in addition to those of this process
 * @param output an open file for what the process prints; null to keep the last lines for a crash
 */
export function startChild(environment: NodeJS.ProcessEnv, output: number | null): Child {
  const child = fork(WORKER, {
    stdio: ['ignore', output ?? 'ignore', output ?? 'pipe', 'ipc'],
    detached: true, // its own process group: Ctrl-C reaches only the sweep, which stops its workers
    env: { ...process.env, ...environment },
  });
  const jobs = new Map<number, { onStep: (step: number) => void; settle: (end: JobEnd | Crash) => void }>();
  let printed = '';
  child.stderr?.on('data', (text) => {
    printed = (printed + text).slice(-OUTPUT_CHARACTERS);
  });
  let crash: Crash | null = null;
  const ended = endOf(child).then((reason) => {
    crash = { kind: 'crashed', reason, output: printed };
    for (const { settle } of jobs.values()) settle(crash);
  });
  child.on('message', (message: FromWorker) => {
    const job = jobs.get(message.lane);
    if (message.kind === 'step') job?.onStep(message.step);
    else job?.settle(message.end);
  });
  const send = (message: ToWorker): void => {
    if (child.connected) child.send(message, () => {}); // the child may end at this moment
  };
  let closing = false;
  const disconnectIfDone = (): void => {
    if (closing && jobs.size === 0 && child.connected) child.disconnect();
  };
  return {
    run: (lane, job, means, onStep, signal) =>
      new Promise((resolve) => {
        if (crash) return resolve(crash);
        const stop = (): void => send({ kind: 'stop', lane });
        const settle = (end: JobEnd | Crash): void => {
          jobs.delete(lane);
          signal.removeEventListener('abort', stop);
          resolve(end);
          disconnectIfDone();
        };
        jobs.set(lane, { onStep, settle });
        signal.addEventListener('abort', stop);
        send({ kind: 'job', lane, job, means });
        if (signal.aborted) stop();
      }),
    isRunning: () => crash === null,
    close: () => {
      closing = true;
      disconnectIfDone();
      return ended;
    },
    kill: () => void child.kill('SIGKILL'),
  };
}

/** Waits for the end of a process. Returns its reason, in one line. */
function endOf(child: ChildProcess): Promise<string> {
  // The last message of a child may arrive after its exit, but not after its channel has closed.
  const channelEnd = new Promise<void>((closed) => child.on('disconnect', closed));
  return new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('exit', async (code, signal) => {
      await channelEnd;
      resolve(
        signal === null ? `its process ended with exit code ${code}` : `its process was killed by ${signal}`,
      );
    });
  });
}
