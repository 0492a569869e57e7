/** @file What two trainings of one run have in common: rows, results and weights, and where they differ first. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.js';
import { timeColumns } from '../runs/metrics.js';
import { type RunRecord, readRecord, readSummary, type Summary } from '../runs/run.js';

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
  /** In the order of the files; the first one is the earliest step of that file. */
  readonly differences: readonly Difference[];
  readonly weights: { readonly recorded: string | null; readonly repeated: string | null };
  /** What differs between the two environments: what, recorded, here. */
  readonly environment: readonly (readonly [string, string, string])[];
}

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

const read = (path: string): string[][] => {
  try {
    return readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => line.split(','));
  } catch (error) {
    throw new UserError('E_RUN', `Could not read ${path}: ${(error as Error).message}.`, {
      hint: 'See what else is wrong with the run: `wnlstm verify RUN`.',
      cause: error,
    });
  }
};

/**
 * The first cell in which two CSVs differ, compared as they are written; time columns are left out.
 *
 * @param recorded lines of cells, the header first
 */
export const compareCsv = (
  file: string,
  recorded: readonly (readonly string[])[],
  repeated: readonly (readonly string[])[],
): Difference | null => {
  const [header] = recorded;
  const kept = header.flatMap((name, at) => (timeColumns.includes(name) ? [] : [at]));
  const stepAt = header.indexOf('step');
  for (let line = 0; line < Math.max(recorded.length, repeated.length); line++) {
    const [one, other] = [recorded[line], repeated[line]];
    const at = kept.find((column) => one?.[column] !== other?.[column]);
    if (at === undefined) continue;
    return {
      file,
      step: line === 0 ? null : ((one ?? other)[stepAt] ?? null),
      name: header[at],
      recorded: one?.[at] ?? null,
      repeated: other?.[at] ?? null,
    };
  }
  return null;
};

/** What may explain a difference, or tells what did not matter. */
const environmentOf = (record: RunRecord): Record<string, string> => ({
  arithmetic: record.arithmetic,
  kernel: record.kernel,
  device: record.device,
  threads: String(record.threads),
  ...record.versions,
  'git commit': record.git_commit?.slice(0, 12) ?? 'none',
  host: record.host,
});

/**
 * Compares two folders of the same run.
 *
 * @param recorded the run; @param repeated its repetition, just trained
 * @throws {UserError} E_RUN if a file is missing
 */
export const compareRuns = (recorded: string, repeated: string): Comparison => {
  const compared: Record<string, string> = {};
  const differences: Difference[] = [];
  for (const file of ['steps.csv', 'metrics.csv']) {
    const [one, other] = [recorded, repeated].map((directory) => read(join(directory, file)));
    const columns = one[0].filter((name) => !timeColumns.includes(name)).length;
    compared[file] = `${one.length - 1} rows of ${columns} columns`;
    const difference = compareCsv(file, one, other);
    if (difference) differences.push(difference);
  }
  const [one, other] = [readSummary(recorded), readSummary(repeated)];
  compared['summary.json'] = `${RESULTS.length} results`;
  for (const key of RESULTS) {
    if (one?.[key] === other?.[key]) continue;
    const [was, is] = [one, other].map((summary) => String(summary?.[key] ?? null));
    differences.push({ file: 'summary.json', step: null, name: key, recorded: was, repeated: is });
  }
  const weights = { recorded: one?.weights_sha256 ?? null, repeated: other?.weights_sha256 ?? null };
  if (weights.recorded !== weights.repeated)
    differences.push({ file: 'summary.json', step: null, name: 'weights_sha256', ...weights });

  const [before, now] = [recorded, repeated].map((directory) => readRecord(directory));
  const [was, is] = [before, now].map((record) => (record ? environmentOf(record) : {}));
  const environment = [...new Set([...Object.keys(was), ...Object.keys(is)])]
    .map((name) => [name, was[name] ?? 'none', is[name] ?? 'none'] as const)
    .filter(([, one, other]) => one !== other);
  return { compared, differences, weights, environment };
};
