/** @file Runs jobs in child processes on this machine, one process per run, so that one crash cannot affect other runs. */

import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { isExact } from '../engines/arithmetic.js';
import { makeDirectory, openForAppend } from '../files.js';
import { runPaths } from '../runs/paths.js';
import { type Child, startChild } from './child.js';
import type { Executor, Job, JobEnd, Means } from './executor.js';
import { firstLine } from './job.js';
import type { PlannedRun } from './plan.js';

/**
 * Creates an executor that runs jobs in child processes. Exact runs are computed on the CPU.
 *
 * @param slots the number of processes at the same time
 * @param threads the number of threads of each process
 * @param gpus ids for CUDA_VISIBLE_DEVICES, of which each process sees one; if empty, the variable is not changed
 */
export function createLocalExecutor(slots: number, threads: number, gpus: readonly string[]): Executor {
  const children = new Set<Child>();
  const start = (job: Job, slot: number): Child => {
    const folder = join(job.directory, job.run.id);
    makeDirectory(folder);
    const log = openForAppend(runPaths(folder).log);
    try {
      return startChild(gpus.length > 0 ? { CUDA_VISIBLE_DEVICES: gpus[slot % gpus.length] } : {}, log);
    } finally {
      closeSync(log);
    }
  };
  return {
    slots,
    execute: async (job, slot, onStep, signal): Promise<JobEnd> => {
      let child: Child;
      try {
        child = start(job, slot);
      } catch (error) {
        return { kind: 'failed', reason: firstLine(error) }; // the folder could not be created, or the process could not be started
      }
      children.add(child);
      const end = await child.run(0, job, { threads, on: onCpu(job.run) }, onStep, signal);
      await child.close();
      children.delete(child);
      return end.kind === 'crashed' ? { kind: 'failed', reason: end.reason } : end;
    },
    dispose: () => {
      for (const child of children) child.kill();
    },
  };
}

/** The CPU for a run that was planned for a GPU and has the same bytes on both; null for the backend of its config. */
export function onCpu({ config }: Pick<PlannedRun, 'config'>): Means['on'] {
  return isExact(config.backend) && config.device !== 'cpu' ? { backend: 'auto', device: 'cpu' } : null;
}
