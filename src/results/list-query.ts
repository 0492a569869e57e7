/** @file Sorts and filters the list of runs. */

import { type ConfigKey, configKeys } from '../config.js';
import { UserError } from '../errors.js';
import { nearest } from '../text/nearest.js';
import type { ListedRun } from './listing.js';

type Value = string | number | null;

/** The columns to sort and filter by, besides the config keys. */
const COLUMNS = new Map<string, (listed: ListedRun) => Value>([
  ['run', ({ name }) => name],
  ['status', ({ run }) => run.status],
  ['step', ({ step }) => step],
  ['val', ({ valAccuracy }) => valAccuracy],
  ['test', ({ testAccuracy }) => testAccuracy],
  ['started', ({ run }) => run.record.started_at],
  ['sweep', ({ sweep }) => sweep],
  ['arm', ({ arm }) => arm],
  ['data', ({ data }) => data],
  ['backend', ({ run }) => run.record.backend],
]);

/** Conditions such as `clip=0.5`, `status!=completed`, `lr<0.1` and `val>=0.95`. */
const CONDITION = /^(\w+)\s*(!=|<=|>=|=|<|>)\s*([^\s<>=!].*)$/;

/**
 * Sorts runs by a column or a config key, in ascending order. Runs without a value are last in both directions.
 *
 * @throws {UserError} E_USAGE for an unknown name
 */
export function sortedBy<Run extends ListedRun>(runs: readonly Run[], name: string, reverse: boolean): Run[] {
  const value = readerOf(name);
  return [...runs].sort((a, b) => {
    const [one, other] = [value(a), value(b)];
    const isReversed = reverse && one !== null && other !== null;
    return isReversed ? order(other, one) : order(one, other);
  });
}

function readerOf(name: string): (listed: ListedRun) => Value {
  const column = COLUMNS.get(name === 'begun' ? 'started' : name); // its name in earlier versions
  if (column) return column;
  if ((configKeys as string[]).includes(name)) return ({ run }) => run.config[name as ConfigKey];
  const known = [...new Set([...COLUMNS.keys(), ...configKeys])];
  throw new UserError(
    'E_USAGE',
    `Expected a column of the list or a config key, got ${name}${nearest(name, known)}.`,
    { hint: `The names are ${known.join(', ')}.` },
  );
}

function order(a: Value, b: Value): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a).localeCompare(String(b), 'en', { numeric: true });
}

/**
 * The runs that meet a condition, such as `lr<0.1`.
 *
 * @throws {UserError} E_USAGE for text that is not a condition, or an unknown name in it
 */
export function filteredBy(runs: readonly ListedRun[], condition: string): ListedRun[] {
  const [, name, operator, text] = CONDITION.exec(condition) ?? [];
  if (name === undefined || operator === undefined || text === undefined) {
    throw new UserError('E_USAGE', `--filter: expected a condition, got ${JSON.stringify(condition)}.`, {
      hint: 'Examples: `--filter status=completed`, `--filter "lr<0.1"`, `--filter clip=none`.',
    });
  }
  const value = readerOf(name);
  // The list shows percentages, so 95 means 0.95.
  const isPercent = (name === 'val' || name === 'test') && Number(text) > 1;
  const limit = isPercent ? String(Number(text) / 100) : text;
  const isOrdered = operator !== '=' && operator !== '!=';
  if (isOrdered && Number.isNaN(Number(text)) && runs.some((run) => typeof value(run) === 'number')) {
    throw new UserError('E_USAGE', `--filter: expected a number to compare ${name} with, got ${text}.`);
  }
  return runs.filter((run) => holds(value(run), operator, limit));
}

function holds(value: Value, operator: string, text: string): boolean {
  const limit: Value = text === 'none' ? null : text;
  const isNumber = typeof value === 'number' && text.trim() !== '' && !Number.isNaN(Number(text));
  const isEqual = isNumber ? value === Number(text) : value === limit;
  if (operator === '=') return isEqual;
  if (operator === '!=') return !isEqual;
  if (value === null || limit === null) return false;
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
