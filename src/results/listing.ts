/** @file A list of runs with where each stands; sorting and filtering it. */

import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type ConfigKey, configKeys } from '../config.js';
import { MNIST_TRAIN } from '../data/mnist.js';
import { UserError } from '../errors.js';
import { listCheckpoints } from '../runs/checkpoint.js';
import { isSweep, nameOf } from '../runs/find.js';
import { epochColumns, type Row, readCsv, stepColumns } from '../runs/metrics.js';
import type { FoundRun } from '../runs/reading.js';
import { readPlan } from '../sweep/plan.js';
import { nearest } from '../text/nearest.js';

/** Where a run stands. */
export interface ListedRun {
  readonly run: FoundRun;
  /** Within the folder of all runs. */
  readonly name: string;
  /** Of its sweep; null if it belongs to none. */
  readonly sweep: string | null;
  readonly arm: string | null;
  /** Name of the folder of its data. */
  readonly data: string;
  readonly step: number;
  /** Null where it is not on record. */
  readonly totalSteps: number | null;
  /** The latest. */
  readonly valAccuracy: number | null;
  readonly testAccuracy: number | null;
}

type Value = string | number | null;

/** What runs are sorted and filtered by, besides the keys of their configs. */
const COLUMNS: Readonly<Record<string, (listed: ListedRun) => Value>> = {
  run: ({ name }) => name,
  status: ({ run }) => run.status,
  step: ({ step }) => step,
  val: ({ valAccuracy }) => valAccuracy,
  test: ({ testAccuracy }) => testAccuracy,
  begun: ({ run }) => run.record.started_at,
  sweep: ({ sweep }) => sweep,
  arm: ({ arm }) => arm,
  data: ({ data }) => data,
  backend: ({ run }) => run.record.backend,
};

/** `clip=0.5`, `status!=completed`, `lr<0.1`, `val>=0.95`. */
const CONDITION = /^(\w+)\s*(!=|<=|>=|=|<|>)\s*(.*)$/;

/**
 * Sorts runs by a column or a key of their configs, upwards; runs without a value come last either way.
 *
 * @throws {UserError} E_USAGE for another name
 */
export function sortedBy(runs: readonly ListedRun[], name: string, reverse: boolean): ListedRun[] {
  const value = readerOf(name);
  return [...runs].sort((a, b) => {
    const [one, other] = [value(a), value(b)];
    const isReversed = reverse && one !== null && other !== null;
    return isReversed ? order(other, one) : order(one, other);
  });
}

function readerOf(name: string): (listed: ListedRun) => Value {
  if (Object.hasOwn(COLUMNS, name)) return COLUMNS[name];
  if ((configKeys as string[]).includes(name)) return ({ run }) => run.config[name as ConfigKey];
  const known = [...new Set([...Object.keys(COLUMNS), ...configKeys])];
  throw new UserError(
    'E_USAGE',
    `Expected a column of the list or a key of a config, got ${name}${nearest(name, known)}.`,
    {
      hint: `There are ${known.join(', ')}.`,
    },
  );
}

function order(a: Value, b: Value): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null); // what is not there comes last
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a).localeCompare(String(b), 'en', { numeric: true });
}

/**
 * The runs that meet a condition, such as `lr<0.1`.
 *
 * @throws {UserError} E_USAGE for something else than a condition, or an unknown name in it
 */
export function filteredBy(runs: readonly ListedRun[], condition: string): ListedRun[] {
  const [, name, operator, text] = CONDITION.exec(condition) ?? [];
  if (name === undefined) {
    throw new UserError('E_USAGE', `--filter: expected a condition, got ${JSON.stringify(condition)}.`, {
      hint: 'Such as `--filter status=completed`, `--filter "lr<0.1"`, `--filter clip=none`.',
    });
  }
  const value = readerOf(name);
  // The list shows percent: 95 is meant as 0.95.
  const isPercent = (name === 'val' || name === 'test') && Number(text) > 1;
  const wanted = isPercent ? String(Number(text) / 100) : text;
  return runs.filter((run) => holds(value(run), operator, wanted));
}

function holds(value: Value, operator: string, text: string): boolean {
  const wanted: Value = text === 'none' ? null : text;
  const isNumber = typeof value === 'number' && text.trim() !== '' && !Number.isNaN(Number(text));
  const isEqual = isNumber ? value === Number(text) : value === wanted;
  if (operator === '=') return isEqual;
  if (operator === '!=') return !isEqual;
  if (value === null || wanted === null) return false;
  const difference = order(value, isNumber ? Number(text) : text);
  switch (operator) {
    case '<':
      return difference < 0;
    case '<=':
      return difference <= 0;
    case '>':
      return difference > 0;
    default:
      return difference >= 0;
  }
}

/**
 * Where runs stand.
 *
 * @param onDamaged is told of each plan that cannot be read; it hides no run
 */
export function listed(
  runsDirectory: string,
  runs: readonly FoundRun[],
  onDamaged: (error: UserError) => void,
): ListedRun[] {
  const arms = new Map<string, ReadonlyMap<string, string>>();
  return runs.map((run): ListedRun => {
    const { directory, record, config, summary } = run;
    const folder = dirname(directory);
    const sweep = isSweep(folder) ? basename(folder) : null;
    if (sweep && !arms.has(folder)) arms.set(folder, armsOf(folder, onDamaged));
    const epoch = summary ? null : lastRow(join(directory, 'metrics.csv'), epochColumns);
    const step = summary ? null : lastRow(join(directory, 'steps.csv'), stepColumns);
    return {
      run,
      name: nameOf(runsDirectory, run),
      sweep,
      arm: arms.get(folder)?.get(record.fingerprint) ?? null,
      data: config.data === null ? 'MNIST' : basename(config.data),
      step: summary?.steps ?? Math.max(step?.step ?? 0, epoch?.step ?? 0, lastCheckpoint(directory)),
      totalSteps: totalStepsOf(run),
      valAccuracy: summary ? summary.val_accuracy : (epoch?.val_accuracy ?? null),
      testAccuracy: summary?.test_accuracy ?? null,
    };
  });
}

/** Arms of runs by their id, of a sweep. */
function armsOf(directory: string, onDamaged: (error: UserError) => void): ReadonlyMap<string, string> {
  try {
    const arms = readPlan(directory)?.arms ?? [];
    return new Map(arms.map(({ name, fingerprint }) => [fingerprint, name]));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    onDamaged(error);
    return new Map();
  }
}

/** The last row of a CSV; null if there is none that can be read, which `verify` explains. */
function lastRow<Column extends string>(path: string, columns: readonly Column[]): Row<Column> | null {
  try {
    return existsSync(path) ? (readCsv(path, columns).at(-1) ?? null) : null;
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

/** The step of the last checkpoint, which may be past the last row. */
function lastCheckpoint(directory: string): number {
  try {
    return listCheckpoints(join(directory, 'checkpoints')).at(-1) ?? 0;
  } catch (error) {
    if (error instanceof UserError) return 0;
    throw error;
  }
}

function totalStepsOf({ record, config, summary, status }: FoundRun): number | null {
  if (record.total_steps !== undefined) return record.total_steps;
  if (status === 'completed' && summary) return summary.steps;
  if (config.steps !== null) return config.steps;
  return config.data === null ? config.epochs * Math.floor(MNIST_TRAIN / config.batch) : null;
}
