/** @file The two CSV files of a run: their columns, writing them as it happens, cutting them back, reading them. */
import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { createObjectCsvWriter } from 'csv-writer';
import { ioError, UserError } from '../errors.js';
import { replaceFile, syncFile } from '../files.js';

/** Columns of `steps.csv`; times last, so that the rest of two runs can be compared byte for byte. */
export const stepColumns = [
  'step',
  'epoch',
  'loss',
  'accuracy',
  'lr',
  'grad_norm',
  'grad_norm_clipped',
  'clip_fraction',
  'elapsed_seconds',
] as const;

/** Columns of `metrics.csv`. */
export const epochColumns = [
  'epoch',
  'step',
  'loss',
  'accuracy',
  'val_loss',
  'val_accuracy',
  'lr',
  'grad_norm',
  'grad_norm_clipped',
  'clip_fraction',
  'epoch_seconds',
  'elapsed_seconds',
  'examples_per_second',
] as const;

/** Columns that two equal runs may differ in. */
export const timeColumns: readonly string[] = ['epoch_seconds', 'elapsed_seconds', 'examples_per_second'];

/** A row: a number a column; null is not measured. */
export type Row<Column extends string> = Readonly<Record<Column, number | null>>;
export type StepRow = Row<(typeof stepColumns)[number]>;
export type EpochRow = Row<(typeof epochColumns)[number]>;

/** Shortest decimals that read back as the same number; empty for not measured. */
const format = (value: number | null): string => (value === null ? '' : String(value));

/** Writes rows to one file as they come. */
export interface CsvLog<Column extends string> {
  /** Resolves once the row is with the operating system. */
  write(row: Row<Column>): Promise<void>;
  /** Makes all rows survive a power cut. */
  sync(): void;
}

/**
 * Opens a CSV, new or to go on: what an earlier process wrote past `step`, a torn last line included, is cut off.
 *
 * @param step the last step whose rows stay; 0 starts the file anew
 * @throws {UserError} E_IO if it cannot be written, also from `write` and `sync`
 */
export const openCsv = <Column extends string>(
  path: string,
  columns: readonly Column[],
  step: number,
): CsvLog<Column> => {
  const header = columns.join(',');
  const lines = existsSync(path) && step > 0 ? readFileSync(path, 'utf8').split('\n').slice(1, -1) : [];
  const stepIndex = (columns as readonly string[]).indexOf('step');
  const kept = lines.filter((line) => Number(line.split(',')[stepIndex]) <= step);
  replaceFile(path, `${[header, ...kept].join('\n')}\n`);

  const writer = createObjectCsvWriter({ path, header: [...columns], append: true });
  const attempt = async (action: string, task: () => void | Promise<void>): Promise<void> => {
    try {
      await task();
    } catch (error) {
      throw ioError(`${action} ${path}`, error);
    }
  };
  return {
    write: (row) =>
      attempt('write', () =>
        writer.writeRecords([Object.fromEntries(columns.map((name) => [name, format(row[name])]))]),
      ),
    sync: () => {
      try {
        syncFile(path);
      } catch (error) {
        throw ioError(`sync ${path}`, error);
      }
    },
  };
};

/**
 * Reads a CSV of this program's, also one that is being written: a torn last line is left out.
 *
 * @returns the rows; an empty cell is null
 * @throws {UserError} E_DATA if columns are missing or a cell is not a number
 */
export const readCsv = <Column extends string>(path: string, columns: readonly Column[]): Row<Column>[] => {
  const bad = (message: string, cause?: unknown): UserError =>
    new UserError('E_DATA', `${path}: ${message}.`, {
      hint: 'Run the same `wnlstm train` again with `--force` to write it anew.',
      cause,
    });
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UserError('E_DATA', ioError(`read ${path}`, error).message, { cause: error });
  }
  let records: Record<string, string>[];
  const complete = text.slice(0, text.lastIndexOf('\n') + 1);
  const names = complete.split('\n', 1)[0].split(',');
  const missing = columns.find((column) => !names.includes(column));
  if (complete !== '' && missing) throw bad(`expected a column ${missing}, got ${names}`);
  try {
    records = parse(complete, { columns: true }) as Record<string, string>[];
  } catch (error) {
    throw bad(`expected CSV, got ${(error as Error).message}`, error);
  }
  return records.map((record, index) => {
    const cells = columns.map((column): [Column, number | null] => {
      const cell = record[column];
      const value = cell === '' ? null : Number(cell?.trim() || 'no number');
      if (Number.isNaN(value) && cell !== 'NaN')
        throw bad(`expected a number for ${column} in row ${index + 1}, got ${JSON.stringify(cell)}`);
      return [column, value];
    });
    return Object.fromEntries(cells) as Record<Column, number | null>;
  });
};
