/** @file The two CSV files of a run: their columns, appending rows, removing later rows, and reading. */

import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { parse } from 'csv-parse/sync';
import { createObjectCsvWriter } from 'csv-writer';
import { ioError, UserError } from '../errors.js';
import { readRegular, replaceFile, syncFile } from '../files.js';

/** Columns of `steps.csv`. Times come last, so that the other columns of two runs can be compared byte for byte. */
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

/** Columns in which two equal runs may differ. */
export const timeColumns: readonly string[] = ['epoch_seconds', 'elapsed_seconds', 'examples_per_second'];

/** One number per column; null if it was not measured. */
export type Row<Column extends string> = Readonly<Record<Column, number | null>>;
export type StepRow = Row<(typeof stepColumns)[number]>;
export type EpochRow = Row<(typeof epochColumns)[number]>;

/** The size and hash of a CSV file at some moment. */
export interface CsvState {
  readonly bytes: number;
  /** SHA-256 of these bytes, 64 hex digits. */
  readonly sha256: string;
}

/** Appends rows to one CSV file. */
export interface CsvLog<Column extends string> {
  /** The last row when the file was opened. */
  readonly last: Row<Column> | undefined;
  /** Resolves after write(); the row is not yet fsynced. */
  write(row: Row<Column>): Promise<void>;
  /** Fsyncs all rows and returns the state of the file. */
  sync(): CsvState;
}

/** The characters between cells. Spreadsheets that write `;` or a tab may also write decimal commas. */
const DELIMITERS = [',', ';', '\t'];

/**
 * Opens a CSV for appending. Rows that an earlier process wrote after `step`, and an incomplete last line, are removed; a
 * file that a spreadsheet saved in another form is restored.
 *
 * @param step the last step whose rows are kept; 0 creates an empty file
 * @throws {UserError} E_DATA if its rows cannot be read; E_IO if it cannot be written, also from `write` and `sync`
 */
export function openCsv<Column extends string>(
  path: string,
  columns: readonly Column[],
  step: number,
): CsvLog<Column> {
  const existing = step > 0 && existsSync(path) ? readCsv(path, columns) : [];
  const rows = existing.filter((row) => ((row as Row<string>).step ?? 0) <= step);
  const lines = rows.map((row) => columns.map((name) => format(row[name])).join(','));
  const text = `${[columns.join(','), ...lines].join('\n')}\n`;
  replaceFile(path, text);
  const hash = createHash('sha256').update(text);
  let bytes = text.length;

  const writer = createObjectCsvWriter({ path, header: [...columns], append: true });
  const attempt = async (action: string, task: () => void | Promise<void>): Promise<void> => {
    try {
      await task();
    } catch (error) {
      throw ioError(`${action} ${path}`, error);
    }
  };
  return {
    last: rows.at(-1),
    write: async (row) => {
      const cells = columns.map((name): [Column, string] => [name, format(row[name])]);
      await attempt('write', () => writer.writeRecords([Object.fromEntries(cells)]));
      const line = `${cells.map(([, cell]) => cell).join(',')}\n`;
      hash.update(line);
      bytes += line.length;
    },
    sync: () => {
      let size: number;
      try {
        syncFile(path);
        size = statSync(path).size;
      } catch (error) {
        throw ioError(`sync ${path}`, error);
      }
      if (size === bytes) return { bytes, sha256: hash.copy().digest('hex') };
      throw new UserError(
        'E_IO',
        `${path} has ${size} bytes, but the run has written ${bytes}: another program changed it.`,
        {
          hint: 'Do not change the files of a run while it trains. Resume the run to continue from its last checkpoint.',
        },
      );
    },
  };
}

/** The shortest decimal that reads back as the same number; empty if it was not measured. */
function format(value: number | null): string {
  return value === null ? '' : String(value);
}

/**
 * Reads a CSV of a run. An incomplete last line is ignored, so a file that is being written can be read. Files that a
 * spreadsheet saved are accepted: with a byte order mark, CRLF, semicolons or tabs, and decimal commas.
 *
 * @returns the rows; an empty cell is null
 * @throws {UserError} E_DATA if columns are missing, a cell is not a number, or steps do not increase
 */
export function readCsv<Column extends string>(path: string, columns: readonly Column[]): Row<Column>[] {
  const bad = (message: string, cause?: unknown): UserError =>
    new UserError('E_DATA', `${path}: ${message}.`, {
      hint: `Restore a copy of it. The summary and the weights do not depend on it; check them with \`wnlstm verify ${dirname(path)}\`.`,
      cause,
    });
  let text: string;
  try {
    text = readRegular(path)
      .toString()
      .replace(/^\uFEFF/, '');
  } catch (error) {
    throw new UserError('E_DATA', ioError(`read ${path}`, error).message, { cause: error });
  }
  const complete = text.slice(0, text.lastIndexOf('\n') + 1);
  if (complete === '') return [];
  const [header = ''] = complete.split(/\r?\n/, 1);
  const delimiter = DELIMITERS.find((candidate) => header.includes(candidate)) ?? ',';
  const names = header.split(delimiter).map((name) => name.replace(/^"(.*)"$/, '$1')); // some programs quote text
  const missing = columns.find((column) => !names.includes(column));
  if (missing) throw bad(`expected a column ${missing}, got ${names}`);
  let records: Record<string, string>[];
  try {
    records = parse(complete, { columns: true, delimiter }) as Record<string, string>[];
  } catch (error) {
    throw bad(`it is not CSV (${(error as Error).message})`, error);
  }
  let last = 0;
  return records.map((record, index) => {
    const cells = columns.map((column): [Column, number | null] => {
      const written = record[column] ?? '';
      const cell = delimiter === ',' ? written : written.replace(',', '.');
      const value = cell === '' ? null : Number(cell.trim() || 'blank');
      if (Number.isNaN(value) && cell !== 'NaN')
        throw bad(`expected a number for ${column} in row ${index + 1}, got ${JSON.stringify(written)}`);
      if (value !== null && !isPossible(column, value))
        throw bad(`expected a possible value of ${column} in row ${index + 1}, got ${written}`);
      return [column, value];
    });
    const row = Object.fromEntries(cells) as Record<Column, number | null>;
    const step = (row as Row<string>).step ?? last;
    if (step < last) throw bad(`expected increasing steps, got ${step} after ${last} in row ${index + 1}`);
    last = step;
    return row;
  });
}

/** Whether a number can be the value of a column: steps and epochs count, and times do not run backwards. */
function isPossible(column: string, value: number): boolean {
  if (column === 'step' || column === 'epoch') return Number.isSafeInteger(value) && value >= 0;
  return !column.endsWith('_seconds') || (value >= 0 && Number.isFinite(value));
}
