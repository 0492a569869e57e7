/** @file What two trainings of one run have in common: rows, results and weights, and where they differ first. */

import { dirname, join } from 'node:path';
import { CANONICAL, UNFUSED } from '../engines/arithmetic.js';
import { ioError, UserError } from '../errors.js';
import { readRegular } from '../files.js';
import { timeColumns } from '../runs/metrics.js';
import { readRecord, readSummary } from '../runs/reading.js';
import { describeCommit, type RunRecord, type Summary } from '../runs/record.js';

/** The first place where a run and its repetition differ. */
export interface Difference {
  readonly file: string;
  /** Of the row; null outside the CSVs. */
  readonly step: string | null;
  /** A column, or a key of summary.json. */
  readonly name: string;
  /** As they are written; null is missing. */
  readonly recorded: string | null;
  readonly repeated: string | null;
}

/** A run compared with its repetition. */
export interface Comparison {
  /** What is the same, or would be: rows and columns of each CSV, and results. */
  readonly compared: Readonly<Record<string, string>>;
  /** The first of each CSV, by step; then those in summary.json. */
  readonly differences: readonly Difference[];
  readonly weights: { readonly recorded: string | null; readonly repeated: string | null };
  /** Whether its arithmetic promises the same bytes; js and tensorflow may differ in the last bits. */
  readonly isExact: boolean;
  /** What differs between the two environments: what, recorded, here. */
  readonly environment: readonly (readonly [string, string, string])[];
}

/** The files of a run that has a result, as far as they are compared. */
export interface Result {
  /** Lines of cells of each CSV, the header first. */
  readonly csvs: Readonly<Record<string, readonly (readonly string[])[]>>;
  readonly summary: Summary;
  readonly record: RunRecord;
}

const EXACT: readonly string[] = [CANONICAL, UNFUSED];

/** Keys of summary.json that depend neither on time nor on place. */
const RESULTS: readonly (keyof Summary)[] = [
  'status',
  'steps',
  'epochs',
  'loss',
  'accuracy',
  'val_loss',
  'val_accuracy',
  'test_loss',
  'test_accuracy',
  'best_epoch',
  'best_val_accuracy',
  'best_test_loss',
  'best_test_accuracy',
];

/** Those of them that repeat the last row of metrics.csv. */
const OF_LAST_ROW: readonly (keyof Summary)[] = ['loss', 'accuracy', 'val_loss', 'val_accuracy'];

/** Columns that a row has also where a run diverges; the bits of a NaN, and what is computed from it, are not promised. */
const WHERE_DIVERGED = ['epoch', 'step', 'lr'];

const FILES = ['steps.csv', 'metrics.csv'];

/**
 * Reads what is compared of a run.
 *
 * @throws {UserError} E_RUN if a file is missing
 */
export function readResult(directory: string): Result {
  const csvs = Object.fromEntries(FILES.map((file) => [file, readCells(join(directory, file))]));
  const [summary, record] = [readSummary(directory), readRecord(directory)];
  if (summary && record) return { csvs, summary, record };
  throw new UserError('E_RUN', `${directory} has no ${summary ? 'run.json' : 'summary.json'}.`, {
    hint: `See what else is wrong with the run: \`wnlstm verify ${directory}\`.`,
  });
}

function readCells(path: string): string[][] {
  try {
    return readRegular(path)
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => line.split(','));
  } catch (error) {
    throw new UserError('E_RUN', ioError(`read ${path}`, error).message, {
      hint: `See what else is wrong with the run: \`wnlstm verify ${dirname(path)}\`.`,
      cause: error,
    });
  }
}

/** Compares a run with its repetition. */
export function compareResults(recorded: Result, repeated: Result): Comparison {
  const compared: Record<string, string> = {};
  const rows: Difference[] = [];
  for (const file of FILES) {
    const [one, other] = [recorded.csvs[file], repeated.csvs[file]];
    const columns = one[0].filter((name) => !timeColumns.includes(name)).length;
    const rowCount = one.length - 1;
    compared[file] = `${rowCount} ${rowCount === 1 ? 'row' : 'rows'} of ${columns} columns`;
    const difference = compareCsv(file, one, other);
    if (difference) rows.push(difference);
  }
  const [one, other] = [recorded.summary, repeated.summary];
  const bothDiverged = one.status === 'diverged' && other.status === 'diverged';
  const results = bothDiverged ? RESULTS.filter((key) => !OF_LAST_ROW.includes(key)) : RESULTS;
  compared['summary.json'] = `${results.length} results`;
  const weights = { recorded: one.weights_sha256 ?? null, repeated: other.weights_sha256 ?? null };
  const text = (value: unknown): string => String(value ?? null);
  const differences = [...results, 'weights_sha256' as const].flatMap((name): Difference[] =>
    text(one[name]) === text(other[name])
      ? []
      : [{ file: 'summary.json', step: null, name, recorded: text(one[name]), repeated: text(other[name]) }],
  );
  return {
    compared,
    differences: [...rows.sort((a, b) => Number(a.step) - Number(b.step)), ...differences],
    weights,
    isExact: EXACT.includes(recorded.record.arithmetic),
    environment: compareEnvironments(recorded.record, repeated.record),
  };
}

/** What differs between two environments: what, recorded, here. */
function compareEnvironments(recorded: RunRecord, repeated: RunRecord): Comparison['environment'] {
  const [was, is] = [environmentOf(recorded), environmentOf(repeated)];
  return [...new Set([...Object.keys(was), ...Object.keys(is)])]
    .map((name) => [name, was[name] ?? 'none', is[name] ?? 'none'] as const)
    .filter(([, one, other]) => one !== other);
}

/** What may explain a difference, or tells what did not matter. */
function environmentOf(record: RunRecord): Record<string, string> {
  return {
    arithmetic: record.arithmetic,
    kernel: record.kernel,
    device: record.device,
    threads: String(record.threads),
    ...record.versions,
    'git commit': describeCommit(record),
    host: record.host,
  };
}

/**
 * The first cell in which two CSVs differ, compared as they are written; time columns are left out. Where both diverged,
 * in the same row, only that is compared.
 *
 * @param recorded lines of cells, the header first
 */
export function compareCsv(
  file: string,
  recorded: readonly (readonly string[])[],
  repeated: readonly (readonly string[])[],
): Difference | null {
  const [header] = recorded;
  const kept = header.flatMap((name, at) => (timeColumns.includes(name) ? [] : [at]));
  const stepAt = header.indexOf('step');
  for (let line = 0; line < Math.max(recorded.length, repeated.length); line++) {
    const [one, other] = [recorded[line], repeated[line]];
    const bothDiverged = isDiverged(one) && isDiverged(other);
    const at = kept.find(
      (column) =>
        one?.[column] !== other?.[column] && !(bothDiverged && !WHERE_DIVERGED.includes(header[column])),
    );
    if (at === undefined) continue;
    const [was, is] = [one, other].map((cells) => Number(cells?.[stepAt] ?? Number.POSITIVE_INFINITY));
    // Rows of different steps: the earlier one is missing on the other side.
    const isMissing = line > 0 && was !== is;
    const name = isMissing ? 'step' : header[at];
    const column = header.indexOf(name);
    return {
      file,
      step: line === 0 ? null : String(Math.min(was, is)),
      name,
      recorded: (isMissing && was > is ? null : one?.[column]) ?? null,
      repeated: (isMissing && is > was ? null : other?.[column]) ?? null,
    };
  }
  return null;
}

function isDiverged(cells: readonly string[] | undefined): boolean {
  return cells?.some((cell) => cell === 'NaN' || cell.endsWith('Infinity')) ?? false;
}
