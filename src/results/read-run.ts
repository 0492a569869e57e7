/** @file Reads one run from its folder, or gives the reason why it cannot be used. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.js';
import { listCheckpoints } from '../runs/checkpoint.js';
import {
  type EpochRow,
  epochColumns,
  type Row,
  readCsv,
  type StepRow,
  stepColumns,
} from '../runs/metrics.js';
import type { FoundRun } from '../runs/reading.js';
import type { ArmRun, RunRows } from './arm.js';

/** Reads a run, or returns the reason why it cannot be used. */
export type Reader<Run extends RunRows> = (run: FoundRun) => Run | string;

/** Reads a run that has a result, with all its rows. */
export const readResult: Reader<ArmRun> = (run) => {
  const { summary, record, status, damage } = run;
  if (status !== 'completed' && status !== 'diverged') return `the run is ${status}`;
  if (!summary) return `it has no result: ${describe(damage[0])}`;
  const rows = readRows(run);
  if (typeof rows === 'string') return rows;
  const missing = missingRows(run, rows);
  if (missing) return missing;
  const chanceLevel = 1 / (record.data.classes ?? 10); // older records lack it; their data is MNIST
  const testAccuracy = status === 'diverged' ? chanceLevel : summary.test_accuracy;
  if (testAccuracy === null) return 'it has no test accuracy';
  return { ...rows, id: record.run_id, status, summary, testAccuracy };
};

/** Reads the rows that a run has so far. */
export const readRows: Reader<RunRows> = ({ directory, config }) => {
  try {
    return { seed: config.seed, epochs: readEpochs(directory), steps: readSteps(directory) };
  } catch (error) {
    if (error instanceof UserError) return `it cannot be read: ${describe(error)}`;
    throw error;
  }
};

/**
 * The rows of metrics.csv; none if there is no such file.
 *
 * @throws {UserError} E_DATA if the file is damaged
 */
export function readEpochs(directory: string): EpochRow[] {
  return readIfPresent(join(directory, 'metrics.csv'), epochColumns);
}

/**
 * The rows of steps.csv; none if there is no such file.
 *
 * @throws {UserError} E_DATA if the file is damaged
 */
export function readSteps(directory: string): StepRow[] {
  return readIfPresent(join(directory, 'steps.csv'), stepColumns);
}

function readIfPresent<Column extends string>(path: string, columns: readonly Column[]): Row<Column>[] {
  return existsSync(path) ? readCsv(path, columns) : [];
}

/** An error and its hint as part of a sentence. */
function describe(error: UserError | undefined): string {
  return [error?.message, error?.hint].filter(Boolean).join(' ').replace(/\.$/, '');
}

/** Describes the rows that are missing in a run, as part of a sentence; null if none are missing. */
export function missingRows(run: FoundRun, { steps, epochs }: RunRows): string | null {
  const { summary, status } = run;
  if (status !== 'completed') return missingBeforeCheckpoint(run, steps);
  if (!summary) return null;
  for (const [file, rows] of [
    ['metrics.csv', epochs],
    ['steps.csv', steps],
  ] as const) {
    const last = rows.at(-1)?.step ?? 0;
    if (last !== summary.steps) return `${file} ends at step ${last} of ${summary.steps}`;
  }
  return null;
}

/** Rows are written before each checkpoint, so steps.csv reaches at least the last checkpoint. */
function missingBeforeCheckpoint({ directory, config }: FoundRun, steps: RunRows['steps']): string | null {
  const checkpoint = lastCheckpoint(directory);
  const last = steps.at(-1)?.step ?? 0;
  const expected = Math.floor(checkpoint / config.logEvery) * config.logEvery;
  return last < expected
    ? `steps.csv ends at step ${last}, before the checkpoint of step ${checkpoint}`
    : null;
}

/** The step of the last checkpoint; 0 if there is none. */
export function lastCheckpoint(directory: string): number {
  return readOr([], () => listCheckpoints(join(directory, 'checkpoints'))).at(-1) ?? 0;
}

/** Returns the result of `read`, or `fallback` if the file is damaged, which `wnlstm verify` reports. */
export function readOr<Value>(fallback: Value, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (error instanceof UserError) return fallback;
    throw error;
  }
}
