/** @file The state of every run, for the list of runs. */

import { basename, dirname } from 'node:path';
import { MNIST_TRAIN } from '../data/mnist.js';
import { UserError } from '../errors.js';
import { isSweep, nameOf } from '../runs/find.js';
import type { FoundRun } from '../runs/reading.js';
import { readPlan } from '../sweep/plan.js';
import { lastCheckpoint, readEpochs, readOr, readSteps } from './read-run.js';

/** A run and its state. */
export interface ListedRun {
  readonly run: FoundRun;
  /** The path of its folder, relative to the folder of all runs. */
  readonly name: string;
  /** The name of its sweep; null if it belongs to none. */
  readonly sweep: string | null;
  readonly arm: string | null;
  /** The name of its data folder. */
  readonly data: string;
  readonly step: number;
  /** Null if it is unknown. */
  readonly totalSteps: number | null;
  /** The latest validation accuracy. */
  readonly valAccuracy: number | null;
  readonly testAccuracy: number | null;
}

/**
 * The state of each run.
 *
 * @param onDamaged receives an error for each plan that cannot be read; the runs are listed nevertheless
 */
export function listed(
  runsDirectory: string,
  runs: readonly FoundRun[],
  onDamaged: (error: UserError) => void,
): ListedRun[] {
  const sweeps = new Map<string, ReadonlyMap<string, string>>();
  return runs.map((run): ListedRun => {
    const { directory, record, config, summary } = run;
    const folder = dirname(directory);
    const sweep = isSweep(folder) ? basename(folder) : null;
    if (sweep && !sweeps.has(folder)) sweeps.set(folder, armsByFingerprint(folder, onDamaged));
    const state = summary
      ? { step: summary.steps, valAccuracy: summary.val_accuracy }
      : unfinishedState(directory);
    return {
      run,
      name: nameOf(runsDirectory, run),
      sweep,
      arm: sweeps.get(folder)?.get(record.fingerprint) ?? null,
      data: config.data === null ? 'MNIST' : basename(config.data),
      ...state,
      totalSteps: totalStepsOf(run),
      testAccuracy: summary?.test_accuracy ?? null,
    };
  });
}

/** The names of a sweep's arms by their fingerprints. */
function armsByFingerprint(
  directory: string,
  onDamaged: (error: UserError) => void,
): ReadonlyMap<string, string> {
  try {
    const arms = readPlan(directory)?.arms ?? [];
    return new Map(arms.map(({ name, fingerprint }) => [fingerprint, name]));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    onDamaged(error);
    return new Map();
  }
}

/** The state of a run without a summary. Its last checkpoint may be later than its last row. */
function unfinishedState(directory: string): Pick<ListedRun, 'step' | 'valAccuracy'> {
  const epoch = readOr([], () => readEpochs(directory)).at(-1);
  const row = readOr([], () => readSteps(directory)).at(-1);
  return {
    step: Math.max(row?.step ?? 0, epoch?.step ?? 0, lastCheckpoint(directory)),
    valAccuracy: epoch?.val_accuracy ?? null,
  };
}

/** The number of steps of a complete run; null if it is unknown. */
export function totalStepsOf({ record, config, summary, status }: FoundRun): number | null {
  if (record.total_steps !== undefined) return record.total_steps;
  if (status === 'completed' && summary) return summary.steps;
  if (config.steps !== null) return config.steps;
  return config.data === null ? config.epochs * Math.floor(MNIST_TRAIN / config.batch) : null;
}
