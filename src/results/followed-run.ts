/** @file Follows one run while it trains: each call reads what has changed in its folder. */

import { stateOf } from '../runs/file-state.js';
import { followRows } from '../runs/follow-rows.js';
import type { EpochRow, StepRow } from '../runs/metrics.js';
import { runPaths } from '../runs/paths.js';
import { type FoundRun, readRun, statusOf } from '../runs/reading.js';
import { lastCheckpoint } from './read-run.js';
import { createThinnedRows, type ThinnedRows } from './thinned.js';

/** A run at a moment. */
export interface FollowedRun {
  readonly run: FoundRun;
  readonly steps: ThinnedRows;
  readonly epochs: readonly EpochRow[];
  /** The last step of its rows and checkpoints. */
  readonly step: number;
  /** A text that changes whenever anything of the run changes. */
  readonly state: string;
}

/**
 * Follows the run in a folder.
 *
 * @returns a function that gives the run as it is now, or null if the folder holds none; it throws {UserError} E_RUN if the
 *   record or the config is missing or damaged
 */
export function createRunFollower(directory: string): () => FollowedRun | null {
  const paths = runPaths(directory);
  const readSteps = followRows<StepRow>(paths.steps);
  const readEpochs = followRows<EpochRow>(paths.epochs);
  let files = '';
  let read: FoundRun | null = null;
  let steps: ThinnedRows | null = null;
  let epochs: EpochRow[] = [];
  let reads = 0;
  return () => {
    const now = [paths.record, paths.config, paths.summary].map(stateOf).join();
    if (now !== files) {
      files = ''; // a damaged run is read again by the next call
      read = readRun(directory);
      files = now;
    }
    if (read === null) return null;
    const status = read.record.status === 'running' ? statusOf(directory, read.record) : read.status;
    const [newSteps, newEpochs] = [readSteps(), readEpochs()];
    if (steps === null || newSteps.restarted) steps = createThinnedRows(read.config.logEvery);
    if (newEpochs.restarted) epochs = [];
    newSteps.rows.forEach(steps.add);
    if (newEpochs.rows.length > 0) epochs = [...epochs, ...newEpochs.rows];
    if (newSteps.restarted || newEpochs.restarted || newSteps.rows.length + newEpochs.rows.length > 0)
      reads++;
    const checkpoint = read.summary === null ? lastCheckpoint(directory) : 0;
    const step = read.summary?.steps ?? Math.max(steps.last?.step ?? 0, epochs.at(-1)?.step ?? 0, checkpoint);
    return {
      run: { ...read, status },
      steps,
      epochs,
      step,
      state: [directory, now, status, step, reads].join(),
    };
  };
}
