/** @file The executor contract: where runs are computed. */

import type { PlannedRun } from './plan.js';

/** A run to be done. */
export interface Job {
  readonly run: PlannedRun;
  /** Folder of the sweep; the run's own is in it. */
  readonly directory: string;
}

/** How far a run is. */
export interface JobProgress {
  readonly step: number;
  readonly totalSteps: number;
}

/** How a job ended. */
export type JobEnd =
  | { readonly kind: 'completed' | 'diverged' | 'interrupted' }
  /** `reason` in one line; the rest is in the run's log.txt. */
  | { readonly kind: 'failed'; readonly reason: string };

export interface Executor {
  /** How many jobs it takes at a time. */
  readonly slots: number;
  /**
   * Does a job to its end, and never rejects for what happens in it.
   *
   * @param slot which of the `slots` it takes, from 0; no two jobs have the same at a time
   * @param signal aborted: the run writes a checkpoint and ends as `interrupted`
   */
  execute(
    job: Job,
    slot: number,
    onProgress: (progress: JobProgress) => void,
    signal: AbortSignal,
  ): Promise<JobEnd>;
  /** Ends what may still be there, without waiting. */
  dispose(): void;
}
