/**
 * @file Runs jobs side by side in one child process, which holds a GPU. The process starts with the first job, and jobs that
 * follow use it again. If it crashes, each of its runs resumes once from its checkpoint, in a process of its own: so the run
 * that caused the crash fails, and the others do not. If the GPU itself fails, its runs continue on the CPU where they may.
 */

import { join } from 'node:path';
import { makeDirectory } from '../files.js';
import { type Child, type Crash, startChild } from './child.js';
import type { Executor, Job, JobEnd, Means } from './executor.js';
import { appendToLog, firstLine } from './job.js';
import { onCpu } from './local.js';
import type { PlannedRun } from './plan.js';

/** A process without jobs ends after this time, so that a sweep that waits for other workers does not hold the GPU. */
const IDLE_MS = 5000;

/** Options of lanes. */
export interface LaneOptions {
  /** The id of the GPU for CUDA_VISIBLE_DEVICES; null to leave the variable as it is. */
  readonly gpu?: string | null;
  /** Whether a run may continue on the CPU if the backend of the lanes fails; without this function, none may. */
  readonly mayContinue?: (run: PlannedRun) => boolean;
  /** Receives a sentence when that happens for the first time. */
  readonly onNote?: (note: string) => void;
}

/**
 * Creates an executor that runs jobs in the lanes of one child process.
 *
 * @param lanes the number of jobs at the same time
 * @param on what computes them
 */
export function createLaneExecutor(
  lanes: number,
  on: Means['on'],
  { gpu = null, mayContinue = () => false, onNote = () => {} }: LaneOptions = {},
): Executor {
  const children = new Set<Child>();
  const start = (): Child => {
    const child = startChild(gpu === null ? {} : { CUDA_VISIBLE_DEVICES: gpu }, null);
    children.add(child);
    return child;
  };
  const close = async (child: Child): Promise<void> => {
    await child.close();
    children.delete(child);
  };
  let shared: Child | null = null;
  let busy = 0;
  let idle: NodeJS.Timeout | undefined;
  /** Gives no more jobs to the shared process, which ends after its last one. */
  const retire = (child: Child | null): void => {
    if (child === null || child !== shared) return;
    shared = null;
    void close(child);
  };
  const inShared = async (run: (child: Child) => Promise<JobEnd | Crash>): Promise<JobEnd | Crash> => {
    if (!shared?.isRunning()) retire(shared);
    const child = shared ?? start();
    shared = child;
    clearTimeout(idle);
    busy++;
    const end = await run(child);
    if (end.kind === 'failed' || end.kind === 'crashed') retire(child); // its device may have failed for all lanes
    if (--busy === 0) idle = setTimeout(() => retire(shared), IDLE_MS).unref();
    return end;
  };
  const alone = async (run: (child: Child) => Promise<JobEnd | Crash>): Promise<JobEnd | Crash> => {
    const child = start();
    const end = await run(child);
    await close(child);
    return end;
  };
  let noted = false;
  const note = (reason: string): void => {
    if (!noted) onNote(`Runs of the GPU continue on the CPU, with the same results: ${reason}`);
    noted = true;
  };
  return {
    slots: lanes,
    execute: async (job, lane, onStep, signal): Promise<JobEnd> => {
      const run =
        (means: Means) =>
        (child: Child): Promise<JobEnd | Crash> =>
          child.run(lane, job, means, onStep, signal);
      const inLane = run({ threads: 1, on, lanes });
      const endOf = (end: JobEnd | Crash): JobEnd => {
        if (end.kind !== 'crashed') return end;
        logCrash(job, end);
        return { kind: 'failed', reason: end.reason };
      };
      try {
        makeDirectory(join(job.directory, job.run.id));
        let end = await inShared(inLane);
        if (end.kind === 'crashed' && !signal.aborted) {
          logCrash(job, end);
          end = await alone(inLane);
        }
        if (end.kind === 'failed' && end.ofBackend && mayContinue(job.run) && !signal.aborted) {
          note(end.reason);
          end = await alone(run({ threads: 1, on: onCpu(job.run) }));
        }
        return endOf(end);
      } catch (error) {
        return { kind: 'failed', reason: firstLine(error) }; // the folder could not be created, or the process could not be started
      }
    },
    dispose: () => {
      clearTimeout(idle);
      for (const child of children) child.kill();
    },
  };
}

function logCrash({ directory, run }: Job, { reason, output }: Crash): void {
  const folder = join(directory, run.id);
  appendToLog(folder, [reason, ...output.split('\n').filter(Boolean)].join('\n'));
}
