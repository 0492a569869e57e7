/** @file Compares two runs: configs, data, environments, rows and results. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { configKeys } from '../config.js';
import { timeColumns } from '../runs/metrics.js';
import type { FoundRun } from '../runs/reading.js';
import type { Summary } from '../runs/record.js';
import { compareCsv, compareEnvironments, type Difference, readCells } from './reproduce.js';

/** A name and its values in the two runs; null if a run has none. */
export type Pair = readonly [name: string, a: string | null, b: string | null];

/** The rows of one CSV file in the two runs. */
export interface RowsDiff {
  readonly file: string;
  /** The number of rows. */
  readonly a: number;
  readonly b: number;
  /** The number of columns that are compared, without time columns. */
  readonly columns: number;
  /** The first cell that differs; null if all are equal. */
  readonly first: Difference | null;
}

/** What differs between two runs. */
export interface RunDiff {
  /** Config keys whose values differ. */
  readonly config: readonly Pair[];
  /** Files of the data whose SHA-256 differ. */
  readonly data: readonly Pair[];
  /** Versions, device, threads and so on that differ. */
  readonly environment: readonly Pair[];
  readonly rows: readonly RowsDiff[];
  /** All results of the two runs, equal or not; empty if neither has a result. */
  readonly results: readonly Pair[];
}

const RESULTS: readonly (keyof Summary)[] = [
  'status',
  'steps',
  'val_accuracy',
  'val_loss',
  'best_epoch',
  'best_val_accuracy',
  'test_accuracy',
  'test_loss',
  'best_test_accuracy',
  'weights_sha256',
];

/**
 * Compares two runs, finished or not.
 *
 * @throws {UserError} E_RUN if a CSV file cannot be read
 */
export function diffRuns(a: FoundRun, b: FoundRun): RunDiff {
  const [one, other] = [a.record.data.checksums, b.record.data.checksums];
  return {
    config: configKeys
      .filter((key) => a.config[key] !== b.config[key])
      .map((key) => [key, text(a.config[key]), text(b.config[key])]),
    data: Object.keys({ ...one, ...other })
      .filter((file) => one[file] !== other[file])
      .map((file) => [file, one[file] ?? null, other[file] ?? null]),
    environment: compareEnvironments(a.record, b.record),
    rows: ['steps.csv', 'metrics.csv'].map((file) => diffRows(file, a.directory, b.directory)),
    results:
      a.summary || b.summary
        ? RESULTS.map((key) => [key, text(a.summary?.[key]), text(b.summary?.[key])])
        : [],
  };
}

function diffRows(file: string, a: string, b: string): RowsDiff {
  const [one, other] = [a, b].map((directory) => {
    const path = join(directory, file);
    return existsSync(path) ? readCells(path) : [];
  }) as [string[][], string[][]];
  const header = one[0] ?? other[0] ?? [];
  const columns = header.filter((name) => !timeColumns.includes(name)).length;
  const first = one.length > 0 && other.length > 0 ? compareCsv(file, one, other) : null;
  return { file, a: Math.max(0, one.length - 1), b: Math.max(0, other.length - 1), columns, first };
}

function text(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}
