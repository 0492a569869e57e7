/** @file Does the runs of a sweep that have no result yet, as many at a time as the executor has slots. */

import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { UserError } from '../errors.js';
import { readRecord, readSummary } from '../runs/reading.js';
import type { Summary } from '../runs/record.js';
import type { Executor, JobEnd, JobProgress } from './executor.js';
import type { PlannedRun } from './plan.js';

/** What happens while a sweep goes on. */
export type SweepEvent =
  | { readonly kind: 'start'; readonly run: PlannedRun }
  | { readonly kind: 'progress'; readonly run: PlannedRun; readonly progress: JobProgress }
  | { readonly kind: 'end'; readonly run: PlannedRun; readonly end: JobEnd };

/** The result of a planned run, or null if it has none that can be read: also a divergence is one. */
export function resultOf(directory: string, { id }: PlannedRun): Summary | null {
  const folder = join(directory, id);
  try {
    const status = readRecord(folder)?.status;
    return status === 'completed' || status === 'diverged' ? readSummary(folder) : null;
  } catch (error) {
    if (error instanceof UserError) return null; // damaged: to be done, and its own error says what is wrong
    throw error;
  }
}

/**
 * @param runs to do, in this order
 * @param directory the sweep's
 * @param options `failFast`: the first failure stops the others; `signal`: aborted, all stop
 * @returns how each run ended that was begun
 */
export async function runSweep(
  runs: readonly PlannedRun[],
  directory: string,
  executor: Executor,
  options: { readonly failFast: boolean; readonly signal: AbortSignal },
  onEvent: (event: SweepEvent) => void,
): Promise<ReadonlyMap<PlannedRun, JobEnd>> {
  const ends = new Map<PlannedRun, JobEnd>();
  const waiting = [...runs];
  const failure = new AbortController();
  const signal = AbortSignal.any([options.signal, failure.signal]);
  setMaxListeners(0, signal); // one a slot
  const workOff = async (slot: number): Promise<void> => {
    while (!signal.aborted) {
      const run = waiting.shift();
      if (!run) return;
      onEvent({ kind: 'start', run });
      const onProgress = (progress: JobProgress): void => onEvent({ kind: 'progress', run, progress });
      const end = await executor.execute({ run, directory }, slot, onProgress, signal);
      ends.set(run, end);
      onEvent({ kind: 'end', run, end });
      if (end.kind === 'failed' && options.failFast) failure.abort();
    }
  };
  const slots = Array.from({ length: executor.slots }, (_, slot) =>
    workOff(slot).catch((error) => {
      failure.abort(); // nothing may go on after this function has ended
      throw error;
    }),
  );
  for (const result of await Promise.allSettled(slots)) if (result.status === 'rejected') throw result.reason;
  return ends;
}
