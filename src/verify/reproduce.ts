/** @file Compares a run with its repetition: rows, results and weights, and the first difference. */

import { dirname, join } from 'node:path';
import { CANONICAL, UNFUSED } from '../engines/arithmetic.js';
import { ioError, UserError } from '../errors.js';
import { readRegular } from '../files.js';
import { timeColumns } from '../runs/metrics.js';
import { readRecord, readSummary } from '../runs/reading.js';
import { describeCommit, type RunRecord, type Summary } from '../runs/record.js';
import { plural } from '../text/plural.js';

/** The first difference between a run and its repetition. */
export interface Difference {
  readonly file: string;
  /** The step of the row; null outside the CSVs. */
  readonly step: string | null;
  /** A column of a CSV, or a key of summary.json. */
  readonly name: string;
  /** The text in the file of the run, and in that of the repetition; null if it is missing. */
  readonly recorded: string | null;
  readonly repeated: string | null;
}

/** The comparison of a run with its repetition. */
export interface Comparison {
  /** The extent of the comparison: rows and columns of each CSV, and the number of results. */
  readonly compared: Readonly<Record<string, string>>;
  /** The first difference in each CSV, by step; then those in summary.json. */
  readonly differences: readonly Difference[];
  readonly weights: { readonly recorded: string | null; readonly repeated: string | null };
  /** Whether the arithmetic guarantees the same bytes; results of js and tensorflow may differ in the last bits. */
  readonly isExact: boolean;
  /** The differences between the environments: name, recorded value, present value. */
  readonly environment: readonly (readonly [string, string, string])[];
}

/** The cells of a CSV by line, the header first, as they are written. */
export type Cells = readonly (readonly string[])[];

/** The compared files of a run that has a result. */
export interface ResultFiles {
  readonly csvs: ReadonlyMap<string, Cells>;
  readonly summary: Summary;
  readonly record: RunRecord;
}

const EXACT: readonly string[] = [CANONICAL, UNFUSED];

/** Keys of summary.json that do not depend on time or folder. */
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

/** The results that repeat the last row of metrics.csv. */
const OF_LAST_ROW: readonly (keyof Summary)[] = ['loss', 'accuracy', 'val_loss', 'val_accuracy'];

/** Columns that are exact even in the row where a run diverges. The other columns depend on the bits of a NaN, which are not specified. */
const EXACT_IF_DIVERGED = ['epoch', 'step', 'lr'];

const FILES = ['steps.csv', 'metrics.csv'];

/**
 * Reads the files of a run that are compared.
 *
 * @throws {UserError} E_RUN if a file is missing
 */
export function readResultFiles(directory: string): ResultFiles {
  const csvs = new Map(FILES.map((file) => [file, readCells(join(directory, file))]));
  const record = readRecord(directory);
  const summary = record && readSummary(directory, record);
  if (summary && record) return { csvs, summary, record };
  throw new UserError('E_RUN', `${directory} has no ${record ? 'summary.json' : 'run.json'}.`, {
    hint: `Check the other files of the run with \`wnlstm verify ${directory}\`.`,
  });
}

export function readCells(path: string): string[][] {
  try {
    return readRegular(path)
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => line.split(','));
  } catch (error) {
    throw new UserError('E_RUN', ioError(`read ${path}`, error).message, {
      hint: `Check the other files of the run with \`wnlstm verify ${dirname(path)}\`.`,
      cause: error,
    });
  }
}

/** Compares a run with its repetition. */
export function compareResults(recorded: ResultFiles, repeated: ResultFiles): Comparison {
  const compared: Record<string, string> = {};
  const rows: Difference[] = [];
  for (const file of FILES) {
    const [one = [], other = []] = [recorded.csvs.get(file), repeated.csvs.get(file)];
    const [header = [], ...lines] = one;
    const columns = header.filter((name) => !timeColumns.includes(name));
    compared[file] = `${plural(lines.length, 'row')} of ${plural(columns.length, 'column')}`;
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

/** The differences between two environments: name, recorded value, present value. */
export function compareEnvironments(recorded: RunRecord, repeated: RunRecord): Comparison['environment'] {
  const [was, is] = [environmentOf(recorded), environmentOf(repeated)];
  return [...new Set([...Object.keys(was), ...Object.keys(is)])]
    .map((name) => [name, was[name] ?? 'none', is[name] ?? 'none'] as const)
    .filter(([, one, other]) => one !== other);
}

/** The properties of an environment that may explain a difference in results. */
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
 * Finds the first cell in which two CSVs differ, without time columns. If both runs diverged in the same row, only the
 * exact columns of that row are compared.
 */
export function compareCsv(file: string, recorded: Cells, repeated: Cells): Difference | null {
  const [header = []] = recorded;
  const columns = [...header.entries()].filter(([, name]) => !timeColumns.includes(name));
  for (let line = 0; line < Math.max(recorded.length, repeated.length); line++) {
    const [one, other] = [recorded[line], repeated[line]];
    const bothDiverged = isDiverged(one) && isDiverged(other);
    const different = columns.find(
      ([column, name]) =>
        one?.[column] !== other?.[column] && !(bothDiverged && !EXACT_IF_DIVERGED.includes(name)),
    );
    if (!different) continue;
    const [stepOfOne, stepOfOther] = [stepIn(header, one), stepIn(header, other)];
    // If the rows have different steps, the earlier one is missing on the other side.
    const isMissing = line > 0 && stepOfOne !== stepOfOther;
    const [column, name] = isMissing ? [header.indexOf('step'), 'step'] : different;
    return {
      file,
      step: line === 0 ? null : String(Math.min(stepOfOne, stepOfOther)),
      name,
      recorded: (isMissing && stepOfOne > stepOfOther ? null : one?.[column]) ?? null,
      repeated: (isMissing && stepOfOther > stepOfOne ? null : other?.[column]) ?? null,
    };
  }
  return null;
}

function isDiverged(cells: readonly string[] | undefined): boolean {
  return cells?.some((cell) => cell === 'NaN' || cell.endsWith('Infinity')) ?? false;
}

function stepIn(header: readonly string[], cells: readonly string[] | undefined): number {
  return Number(cells?.[header.indexOf('step')] ?? Number.POSITIVE_INFINITY);
}
