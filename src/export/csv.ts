/** @file All rows and results of runs as one long table, for example for pandas. */

import { createObjectCsvStringifier } from 'csv-writer';
import { type EpochRow, epochColumns, type StepRow, stepColumns } from '../runs/metrics.js';
import type { ExportedRun } from './select-runs.js';

/** The columns of the table. */
export const tableColumns = [
  'sweep',
  'arm',
  'run',
  'seed',
  'split',
  'per',
  'step',
  'epoch',
  'seconds',
  'metric',
  'value',
] as const;

/** A row of the table; null is an empty cell. */
type TableRow = Readonly<Record<(typeof tableColumns)[number], string | number | null>>;

/** One value of a run, and when it was measured. */
type Value = Omit<TableRow, 'sweep' | 'arm' | 'run' | 'seed'>;

/** The columns that say when a row was written. They are columns of the table too. */
const TIME = ['step', 'epoch', 'elapsed_seconds'];

/** Renders runs as CSV: one row for each measured value. Numbers have as many digits as are needed to read them back. */
export function tableCsv(runs: readonly ExportedRun[]): string {
  const csv = createObjectCsvStringifier({ header: tableColumns.map((id) => ({ id, title: id })) });
  const tables = runs.map((run) => csv.stringifyRecords(tableRows(run)));
  return [csv.getHeaderString() ?? '', ...tables].join('');
}

/** The rows of a run: those of steps.csv, of metrics.csv and of the result. Values that were not measured are left out. */
export function tableRows(exported: ExportedRun): TableRow[] {
  const { run, rows, sweep, arm } = exported;
  const values = [
    ...rows.steps.flatMap((row) => valuesOf(row, stepColumns, 'step')),
    ...rows.epochs.flatMap((row) => valuesOf(row, epochColumns, 'epoch')),
    ...resultOf(exported),
  ];
  return values
    .filter(({ value }) => value !== null)
    .map((value) => ({ sweep, arm, run: run.record.run_id, seed: rows.seed, ...value }));
}

function valuesOf<Column extends string>(
  row: Readonly<Record<Column, number | null>>,
  columns: readonly Column[],
  per: 'step' | 'epoch',
): Value[] {
  const { step, epoch, elapsed_seconds } = row as StepRow | EpochRow;
  return columns
    .filter((column) => !TIME.includes(column))
    .map((column) => ({
      split: column.startsWith('val_') ? 'validation' : 'train',
      per,
      step,
      epoch,
      seconds: elapsed_seconds,
      metric: column.replace(/^val_/, ''),
      value: row[column],
    }));
}

/** The evaluations on test data: of the last weights, and of the best by validation. */
function resultOf({ run: { summary }, rows }: ExportedRun): Value[] {
  if (!summary) return [];
  const { steps, epochs, seconds, best_epoch } = summary;
  const last = { split: 'test', per: 'run', step: steps, epoch: epochs, seconds };
  const best = rows.epochs.find(({ epoch }) => epoch === best_epoch);
  const atBest = {
    ...last,
    step: best?.step ?? null,
    epoch: best_epoch,
    seconds: best?.elapsed_seconds ?? null,
  };
  return [
    { ...last, metric: 'loss', value: summary.test_loss },
    { ...last, metric: 'accuracy', value: summary.test_accuracy },
    { ...atBest, metric: 'best_loss', value: summary.best_test_loss },
    { ...atBest, metric: 'best_accuracy', value: summary.best_test_accuracy },
  ];
}
