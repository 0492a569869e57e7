/** @file Runs in child processes on this machine, one process a run, so that no run takes another along. */

import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeDirectory } from '../files.js';
import type { Executor, JobEnd } from './executor.js';
import { firstLine } from './job.js';
import type { FromWorker, ToWorker } from './worker.js';

const WORKER = fileURLToPath(new URL('./worker.js', import.meta.url));

/**
 * @param slots processes at a time
 * @param threads of each
 * @param gpus ids for CUDA_VISIBLE_DEVICES; each process sees one of them. None: it is left as it is
 */
export function createLocalExecutor(slots: number, threads: number, gpus: readonly string[]): Executor {
  const children = new Set<ChildProcess>();
  const runChild = (...[job, slot, onProgress, signal]: Parameters<Executor['execute']>): Promise<JobEnd> =>
    new Promise((resolve) => {
      const folder = join(job.directory, job.run.id);
      makeDirectory(folder);
      const log = openSync(join(folder, 'log.txt'), 'a');
      const gpu = gpus.length > 0 ? { CUDA_VISIBLE_DEVICES: gpus[slot % gpus.length] } : {};
      const child = fork(WORKER, {
        stdio: ['ignore', log, log, 'ipc'],
        detached: true, // in a process group of its own: Ctrl-C reaches the sweep alone, which stops it in order
        env: { ...process.env, ...gpu },
      });
      closeSync(log);
      children.add(child);
      const tell = (message: ToWorker): void => {
        if (child.connected) child.send(message, () => {}); // it may be ending just now
      };
      const stop = (): void => tell({ kind: 'stop' });
      const settle = (how: JobEnd): void => {
        children.delete(child);
        signal.removeEventListener('abort', stop);
        resolve(how);
      };
      let end: JobEnd | null = null;
      child.on('message', (message: FromWorker) => {
        if (message.kind === 'progress') onProgress(message.progress);
        else end = message.end;
      });
      child.on('error', (error) => settle({ kind: 'failed', reason: error.message }));
      // A child's last message may come after its exit, but not after the end of its channel.
      const channelEnd = new Promise<void>((ended) => child.on('disconnect', ended));
      child.on('exit', async (code, killer) => {
        await channelEnd;
        settle(end ?? { kind: 'failed', reason: describeExit(code, killer) });
      });
      signal.addEventListener('abort', stop);
      tell({ kind: 'job', job, threads });
      if (signal.aborted) stop();
    });
  return {
    slots,
    execute: async (...job) => {
      try {
        return await runChild(...job);
      } catch (error) {
        return { kind: 'failed', reason: firstLine(error) }; // its folder cannot be made, or no process started
      }
    },
    dispose: () => {
      for (const child of children) child.kill('SIGKILL');
    },
  };
}

/** How a child ended that did not say so itself. */
function describeExit(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `its process ended with exit code ${code}` : `its process was killed by ${signal}`;
}
