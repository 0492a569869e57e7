/** @file Runs jobs in child processes on this machine, one process per run, so that one crash cannot affect other runs. */

import { type ChildProcess, fork } from 'node:child_process';
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeDirectory, openForAppend } from '../files.js';
import { runPaths } from '../runs/paths.js';
import type { Executor, JobEnd } from './executor.js';
import { firstLine } from './job.js';
import type { FromWorker, ToWorker } from './worker.js';

const WORKER = fileURLToPath(new URL('./worker.js', import.meta.url));

/**
 * Creates an executor that runs jobs in child processes.
 *
 * @param slots the number of processes at the same time
 * @param threads the number of threads of each process
 * @param gpus ids for CUDA_VISIBLE_DEVICES, of which each process sees one; if empty, the variable is not changed
 */
export function createLocalExecutor(slots: number, threads: number, gpus: readonly string[]): Executor {
  const children = new Set<ChildProcess>();
  const runChild = (...[job, slot, onStep, signal]: Parameters<Executor['execute']>): Promise<JobEnd> =>
    new Promise((resolve) => {
      const folder = join(job.directory, job.run.id);
      makeDirectory(folder);
      const log = openForAppend(runPaths(folder).log);
      const gpu = gpus.length > 0 ? { CUDA_VISIBLE_DEVICES: gpus[slot % gpus.length] } : {};
      const child = fork(WORKER, {
        stdio: ['ignore', log, log, 'ipc'],
        detached: true, // its own process group: Ctrl-C reaches only the sweep, which stops its workers
        env: { ...process.env, ...gpu },
      });
      closeSync(log);
      children.add(child);
      const send = (message: ToWorker): void => {
        if (child.connected) child.send(message, () => {}); // the child may end at this moment
      };
      const stop = (): void => send({ kind: 'stop' });
      const settle = (how: JobEnd): void => {
        children.delete(child);
        signal.removeEventListener('abort', stop);
        resolve(how);
      };
      let end: JobEnd | null = null;
      child.on('message', (message: FromWorker) => {
        if (message.kind === 'step') onStep(message.step);
        else end = message.end;
      });
      child.on('error', (error) => settle({ kind: 'failed', reason: error.message }));
      // The last message of a child may arrive after its exit, but not after its channel has closed.
      const channelEnd = new Promise<void>((ended) => child.on('disconnect', ended));
      child.on('exit', async (code, killer) => {
        await channelEnd;
        settle(end ?? { kind: 'failed', reason: describeExit(code, killer) });
      });
      signal.addEventListener('abort', stop);
      send({ kind: 'job', job, threads });
      if (signal.aborted) stop();
    });
  return {
    slots,
    execute: async (...job) => {
      try {
        return await runChild(...job);
      } catch (error) {
        return { kind: 'failed', reason: firstLine(error) }; // the folder could not be created, or the process could not be started
      }
    },
    dispose: () => {
      for (const child of children) child.kill('SIGKILL');
    },
  };
}

/** The reason for the failure of a child that ended without a report. */
function describeExit(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `its process ended with exit code ${code}` : `its process was killed by ${signal}`;
}
