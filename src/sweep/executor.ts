/** @file The interface of executors: the scheduler decides the order of runs, and an executor computes them. */

import type { Requested } from '../engines/select.js';
import type { Summary } from '../runs/record.js';
import type { PlannedRun } from './plan.js';

/** A run to compute. */
export interface Job {
  readonly run: PlannedRun;
  /** The folder of the sweep, which contains the folder of the run. */
  readonly directory: string;
  /** If another process owns the run: wait for it to end, or end as `taken`. */
  readonly ifLocked: 'wait' | 'leave';
}

/** How a job is computed. The results do not depend on it. */
export interface Means {
  /** The number of threads; null for one per core. */
  readonly threads: number | null;
  /** What computes it in place of the backend in its config, whose arithmetic it must have; null for that backend. */
  readonly on: Requested | null;
  /** The number of jobs that share the GPU at the same time; 1 if it is left out. */
  readonly lanes?: number;
}

/** How a job ended. */
export type JobEnd =
  | { readonly kind: 'completed' | 'diverged'; readonly summary: Summary }
  | { readonly kind: 'interrupted' }
  /** Another process owns the run. */
  | { readonly kind: 'taken' }
  /**
   * `reason` is one line; the run's log.txt has the details. `ofBackend` says that the backend failed, so that another one may
   * compute the run.
   */
  | { readonly kind: 'failed'; readonly reason: string; readonly ofBackend?: boolean };

/** Computes runs somewhere: in this process, in child processes, or in the lanes of a GPU. */
export interface Executor {
  /** The number of jobs that it runs at the same time. */
  readonly slots: number;
  /** Whether a slot can compute a run; without this function, every slot can. */
  readonly accepts?: (run: PlannedRun, slot: number) => boolean;
  /**
   * Runs a job to its end. Never rejects because of what happens in the job.
   *
   * @param slot an index below `slots`; no two jobs have the same slot at the same time
   * @param onStep receives the number of completed steps, from time to time
   * @param signal when aborted, the run writes a checkpoint and ends as `interrupted`
   */
  execute(job: Job, slot: number, onStep: (step: number) => void, signal: AbortSignal): Promise<JobEnd>;
  /** Ends all jobs that are still running, without waiting. */
  dispose(): void;
}
