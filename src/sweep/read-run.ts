/** @file One run from its folder, for a report; or in words, why it is of no use there. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.js';
import type { ArmRun, RunRows } from '../report/arm.js';
import { epochColumns, type Row, readCsv, stepColumns } from '../runs/metrics.js';
import type { FoundRun } from '../runs/run.js';

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
    if (error instanceof UserError) return `cannot be read: ${error.message.replace(/\.$/, '')}`;
    throw error;
  }
};

/** A run that has a result, with all its rows. */
export const readResult: Reader<ArmRun> = (run) => {
  const { summary, record, status } = run;
  if (!summary || (status !== 'completed' && status !== 'diverged')) return `is ${status}`;
  const rows = readRows(run);
  if (typeof rows === 'string') return rows;
  if (status === 'completed') {
    for (const [file, last] of [
      ['metrics.csv', rows.epochs.at(-1)],
      ['steps.csv', rows.steps.at(-1)],
    ] as const) {
      if (last?.step !== summary.steps) {
        return `has a ${file} that ends at step ${last?.step ?? 0} of ${summary.steps}`;
      }
    }
  }
  const guessing = 1 / (record.data.classes ?? 10); // runs of before it was written down are of MNIST
  const testAccuracy = status === 'diverged' ? guessing : summary.test_accuracy;
  if (testAccuracy === null) return 'has no test accuracy';
  return { ...rows, id: record.run_id, status, summary, testAccuracy };
};
