/** @file One run from its folder, for a report; or in words, why it is of no use there. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config.js';
import { UserError } from '../errors.js';
import { listCheckpoints } from '../runs/checkpoint.js';
import { epochColumns, type Row, readCsv, stepColumns } from '../runs/metrics.js';
import type { FoundRun } from '../runs/reading.js';
import type { ArmRun, RunRows } from './arm.js';

/** Reads a run, or says why it cannot be used. */
export type Reader<Run extends RunRows> = (run: FoundRun) => Run | string;

/** The rows of a run as far as it is. */
export const readRows: Reader<RunRows> = ({ directory, config }) => {
  const read = <Column extends string>(file: string, columns: readonly Column[]): Row<Column>[] => {
    const path = join(directory, file);
    return existsSync(path) ? readCsv(path, columns) : [];
  };
  try {
    const [epochs, steps] = [read('metrics.csv', epochColumns), read('steps.csv', stepColumns)];
    return { seed: config.seed, epochs, steps };
  } catch (error) {
    if (error instanceof UserError) return `cannot be read: ${described(error)}`;
    throw error;
  }
};

/** A run that has a result, with all its rows. */
export const readResult: Reader<ArmRun> = (run) => {
  const { summary, record, status, damage } = run;
  if (status !== 'completed' && status !== 'diverged') return `is ${status}`;
  if (!summary) return `has no result: ${described(damage[0])}`;
  const rows = readRows(run);
  if (typeof rows === 'string') return rows;
  const lost = lostRows(run, rows);
  if (lost) return lost;
  const guessing = 1 / (record.data.classes ?? 10); // runs of before it was written down are of MNIST
  const testAccuracy = status === 'diverged' ? guessing : summary.test_accuracy;
  if (testAccuracy === null) return 'has no test accuracy';
  return { ...rows, id: record.run_id, status, summary, testAccuracy };
};

/** What a run has lost of its rows; null if nothing. */
export function lostRows(
  { directory, config, summary, status }: FoundRun,
  { steps, epochs }: RunRows,
): string | null {
  if (status !== 'completed') return lostBeforeCheckpoint(directory, config, steps);
  if (!summary) return null;
  for (const [file, rows] of [
    ['metrics.csv', epochs],
    ['steps.csv', steps],
  ] as const) {
    const last = rows.at(-1)?.step ?? 0;
    if (last !== summary.steps) return `has a ${file} that ends at step ${last} of ${summary.steps}`;
  }
  return null;
}

/** What of steps.csv is lost in a run that has no result; its rows reach to the last checkpoint at least. */
function lostBeforeCheckpoint(
  directory: string,
  { logEvery }: Config,
  steps: RunRows['steps'],
): string | null {
  let checkpoint = 0;
  try {
    checkpoint = listCheckpoints(join(directory, 'checkpoints')).at(-1) ?? 0;
  } catch (error) {
    if (!(error instanceof UserError)) throw error; // damaged: `verify` and `resume` say how
  }
  const last = steps.at(-1)?.step ?? 0;
  const expected = Math.floor(checkpoint / logEvery) * logEvery;
  return last < expected
    ? `has a steps.csv that ends at step ${last}, though the run reached ${checkpoint}`
    : null;
}

/** An error as a part of a sentence, with what repairs it. */
function described(error: UserError | undefined): string {
  return [error?.message, error?.hint].filter(Boolean).join(' ').replace(/\.$/, '');
}
