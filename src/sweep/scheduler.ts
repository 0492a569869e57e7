/** @file Runs the jobs of a sweep, as many at the same time as the executor has slots. */

import { setMaxListeners } from 'node:events';
import type { Executor, JobEnd } from './executor.js';
import type { PlannedRun } from './plan.js';

/** An event of a running sweep. */
export type SweepEvent =
  | { readonly kind: 'start'; readonly run: PlannedRun }
  | { readonly kind: 'step'; readonly run: PlannedRun; readonly step: number }
  | { readonly kind: 'end'; readonly run: PlannedRun; readonly end: JobEnd };

/** How a sweep runs. */
export interface SweepOptions {
  /** Whether the first failure stops all other jobs. */
  readonly failFast: boolean;
  /** When aborted, all jobs stop. */
  readonly signal: AbortSignal;
  /** See `Job`; 'wait' if left out. */
  readonly ifLocked?: 'wait' | 'leave';
  /** Called before each job; throws if another process owns the folder, and then no further job starts. */
  readonly assertHeld?: () => void;
  /** Called before each job; a run that must not start is skipped. */
  readonly canStart?: (run: PlannedRun) => boolean;
}

/**
 * Runs jobs until none is left.
 *
 * @param runs the runs to compute; each slot takes the first one that it accepts
 * @param directory the folder of the sweep
 * @returns how each started job ended
 */
export async function runSweep(
  runs: readonly PlannedRun[],
  directory: string,
  executor: Executor,
  options: SweepOptions,
  onEvent: (event: SweepEvent) => void,
): Promise<ReadonlyMap<PlannedRun, JobEnd>> {
  const { ifLocked = 'wait' } = options;
  const ends = new Map<PlannedRun, JobEnd>();
  const waiting = [...runs];
  const stopAll = new AbortController();
  const signal = AbortSignal.any([options.signal, stopAll.signal]);
  setMaxListeners(0, signal); // one listener per slot
  const runSlot = async (slot: number): Promise<void> => {
    while (!signal.aborted) {
      const next = waiting.findIndex((run) => executor.accepts?.(run, slot) ?? true);
      const [run] = next < 0 ? [] : waiting.splice(next, 1);
      if (!run) return;
      options.assertHeld?.();
      if (options.canStart?.(run) === false) continue;
      onEvent({ kind: 'start', run });
      const onStep = (step: number): void => onEvent({ kind: 'step', run, step });
      const end = await executor.execute({ run, directory, ifLocked }, slot, onStep, signal);
      ends.set(run, end);
      onEvent({ kind: 'end', run, end });
      if (end.kind === 'failed' && options.failFast) stopAll.abort();
    }
  };
  const loops = Array.from({ length: executor.slots }, (_, slot) =>
    runSlot(slot).catch((error) => {
      stopAll.abort(); // no job may run after this function has ended
      throw error;
    }),
  );
  for (const result of await Promise.allSettled(loops)) if (result.status === 'rejected') throw result.reason;
  return ends;
}
