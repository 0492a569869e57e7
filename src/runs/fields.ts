/** @file Checks the fields of run.json and summary.json, which are untrusted JSON until then. */

import { singleLine } from '../text/printable.js';
import type { RunRecord, StoredStatus, Summary } from './record.js';

const STATUSES: readonly StoredStatus[] = ['running', 'completed', 'interrupted', 'failed', 'diverged'];

/** The expected value of each field of run.json, for messages, and its check. */
const FIELDS: Readonly<Record<Exclude<keyof RunRecord, 'format'>, [string, (value: unknown) => boolean]>> = {
  run_id: ['a string', isText],
  status: [`one of ${STATUSES.join(', ')}`, (value) => STATUSES.some((status) => status === value)],
  fingerprint: ['a string', isText],
  started_at: ['a time', isTime],
  updated_at: ['a time', isTime],
  argv: [
    'a list of strings',
    (value) => Array.isArray(value) && value.every((each) => typeof each === 'string'),
  ],
  versions: ['an object of strings', (value) => isObjectOf(value, isText)],
  git_commit: ['a string or null', isTextOrNull],
  git_dirty: ['true, false or null', (value) => value == null || typeof value === 'boolean'],
  host: ['a string', isText],
  backend: ['a string', isText],
  device: ['a string', isText],
  arithmetic: ['a string', isText],
  kernel: ['a string', isText],
  threads: ['a whole number', Number.isSafeInteger],
  total_steps: ['a whole number', (value) => value === undefined || Number.isSafeInteger(value)],
  data: ['SHA-256 checksums and a folder', isData],
  start_step: ['a whole number', (value) => value === undefined || Number.isSafeInteger(value)],
  starts: ['a whole number', (value) => value === undefined || Number.isSafeInteger(value)],
  summary_sha256: ['a SHA-256', (value) => value === undefined || /^[0-9a-f]{64}$/.test(String(value))],
  error: ['a string or null', (value) => value === null || typeof value === 'string'],
};

type Check = readonly [string, (value: unknown) => boolean];
const numberOrNull: Check = ['a number or null', isNumberOrNull];
const text: Check = ['a string', isText];

const SUMMARY_FIELDS: Readonly<Record<Exclude<keyof Summary, 'dir'>, Check>> = {
  run_id: text,
  status: ['completed or diverged', (value) => value === 'completed' || value === 'diverged'],
  backend: text,
  device: text,
  model: text,
  seed: ['a whole number', Number.isSafeInteger],
  steps: ['a whole number', Number.isSafeInteger],
  epochs: ['a whole number', Number.isSafeInteger],
  loss: numberOrNull,
  accuracy: numberOrNull,
  val_loss: numberOrNull,
  val_accuracy: numberOrNull,
  test_loss: numberOrNull,
  test_accuracy: numberOrNull,
  best_epoch: numberOrNull,
  best_val_accuracy: numberOrNull,
  best_test_loss: numberOrNull,
  best_test_accuracy: numberOrNull,
  at_chance: ['true or false', (value) => value === undefined || typeof value === 'boolean'],
  weights_sha256: ['a string or null', (value) => value === undefined || isTextOrNull(value)], // format 1 has none
  seconds: ['a number', isNumber],
  ms_per_step: ['a number', isNumber],
};

/** Problems of the fields of run.json that are missing or have another type. */
export function recordProblems(record: object): string[] {
  return problemsOf(FIELDS, record);
}

function problemsOf(fields: Readonly<Record<string, Check>>, object: object): string[] {
  return Object.entries(fields).flatMap(([name, [expected, isValid]]) => {
    const value: unknown = (object as Record<string, unknown>)[name];
    return isValid(value) ? [] : [`${name}: expected ${expected}, got ${short(value)}`];
  });
}

/** A value, shortened for a message. */
function short(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= 40 ? text : `${text.slice(0, 39)}…`;
}

/** Problems of the fields of summary.json that are missing or have another type. */
export function summaryFieldProblems(summary: object): string[] {
  return problemsOf(SUMMARY_FIELDS, summary);
}

function isTime(value: unknown): boolean {
  return isText(value) && !Number.isNaN(Date.parse(String(value)));
}

/** A string without control characters, which may be printed on a terminal. */
function isText(value: unknown): boolean {
  return typeof value === 'string' && singleLine(value) === value;
}

function isData(value: unknown): boolean {
  const { checksums, directory, classes } = (value ?? {}) as Partial<
    Record<keyof RunRecord['data'], unknown>
  >;
  const isCount = classes === undefined || Number.isSafeInteger(classes); // earlier versions did not record it
  return isObjectOf(checksums, isText) && isTextOrNull(directory) && isCount;
}

function isObjectOf(value: unknown, isMember: (member: unknown) => boolean): boolean {
  return typeof value === 'object' && value !== null && Object.values(value).every(isMember);
}

function isTextOrNull(value: unknown): boolean {
  return value === null || isText(value);
}

function isNumberOrNull(value: unknown): boolean {
  return value === null || isNumber(value);
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number';
}
