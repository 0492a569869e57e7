/** @file progress.json of a checkpoint: the state of the training loop, the run it belongs to, and checksums. */

import { createHash } from 'node:crypto';
import { UserError } from '../errors.js';
import { readRegular, toJson } from '../files.js';
import { NO_METRICS, type StepMetrics } from '../model/state.js';
import type { CsvState } from './metrics.js';

/** The epoch with the highest validation accuracy so far; the first of several equal ones. */
export interface Best {
  readonly epoch: number;
  readonly step: number;
  readonly valLoss: number;
  readonly valAccuracy: number;
}

/** The state of the training loop after a step. */
export interface Progress {
  readonly step: number;
  /** The sums since the last row of steps.csv, without those that are still in the engine. */
  readonly row: StepMetrics;
  /** The sums since the last row of metrics.csv, without those that are still in the engine. */
  readonly epoch: StepMetrics;
  readonly best: Best | null;
  /** Whether the loss became infinite or NaN, which ends the run. */
  readonly diverged: boolean;
  /** Seconds of training; the time between a stop and the resumption does not count. */
  readonly elapsedSeconds: number;
  /** Seconds spent in steps. */
  readonly stepSeconds: number;
  /** Seconds spent in the steps of the current epoch. */
  readonly epochSeconds: number;
}

/** The run of a checkpoint, and the CSV files as they were before it. */
export interface Origin {
  readonly run_id: string;
  readonly steps_csv: CsvState;
  readonly metrics_csv: CsvState;
}

/** SHA-256 of the other files of a checkpoint. */
export interface FileHashes {
  readonly model_sha256: string;
  readonly optimizer_sha256: string;
}

/** The contents of progress.json. Earlier versions recorded no origin, and still earlier ones no hashes. */
export interface StoredProgress {
  readonly progress: Progress;
  readonly origin: Origin | null;
  readonly hashes: FileHashes | null;
}

/** The largest accepted size; the file usually has about one kilobyte. */
const MOST_BYTES = 2 ** 20;

type Check = (value: unknown) => boolean;

const PROGRESS: Readonly<Record<keyof Progress, Check>> = {
  step: isCount,
  row: isSums,
  epoch: isSums,
  best: (value) => value === null || isBest(value),
  diverged: (value) => typeof value === 'boolean',
  elapsedSeconds: isAmount,
  stepSeconds: isAmount,
  epochSeconds: isAmount,
};
const ORIGIN: Readonly<Record<keyof Origin, Check>> = {
  run_id: (value) => typeof value === 'string',
  steps_csv: isCsvState,
  metrics_csv: isCsvState,
};
const HASHES: Readonly<Record<keyof FileHashes | 'progress_sha256', Check>> = {
  model_sha256: isHash,
  optimizer_sha256: isHash,
  progress_sha256: isHash,
};

/** The text of progress.json. Its last key is the hash of the others. */
export function progressText(progress: Progress, origin: Origin | null, hashes: FileHashes): string {
  const stored = { ...progress, ...origin, ...hashes };
  return toJson({ ...stored, progress_sha256: sha256(toJson(stored)) });
}

/**
 * Reads progress.json.
 *
 * @throws {UserError} E_CHECKPOINT if it is missing or damaged, or does not belong to this step
 */
export function readProgress(path: string, step: number): StoredProgress {
  const bad = (message: string, cause?: unknown): UserError =>
    new UserError('E_CHECKPOINT', `${path}: ${message}.`, { hint: RESTORE, cause });
  let stored: Record<string, unknown>;
  try {
    stored = { ...(JSON.parse(readRegular(path, MOST_BYTES).toString()) as object) } as Record<
      string,
      unknown
    >;
  } catch (error) {
    throw bad(`it is not JSON (${(error as Error).message})`, error);
  }
  if (stored.step !== step) throw bad(`expected the progress of step ${step}, got something else`);
  const hasOrigin = 'run_id' in stored;
  const hasHashes = hasOrigin || 'model_sha256' in stored;
  const checks = { ...PROGRESS, ...(hasOrigin && ORIGIN), ...(hasHashes && HASHES) };
  for (const name of new Set([...Object.keys(checks), ...Object.keys(stored)])) {
    const isValid = (checks as Partial<Record<string, Check>>)[name];
    if (!isValid) throw bad(`expected the progress of step ${step}, got the unknown key ${name}`);
    if (!isValid(stored[name]))
      throw bad(`expected the progress of step ${step}, got ${name} ${JSON.stringify(stored[name])}`);
  }
  const { progress_sha256: expected, ...others } = stored;
  const found = sha256(toJson(others));
  if (hasHashes && found !== expected)
    throw bad(
      `expected the SHA-256 ${String(expected).slice(0, 16)}…, which the file records for itself, got ${found.slice(0, 16)}…`,
    );
  return {
    progress: pick<Progress>(stored, PROGRESS),
    origin: hasOrigin ? pick<Origin>(stored, ORIGIN) : null,
    hashes: hasHashes ? pick<FileHashes>(stored, { model_sha256: isHash, optimizer_sha256: isHash }) : null,
  };
}

/** How to repair a damaged checkpoint. */
export const RESTORE = 'Restore a copy of it, or move the folder of the run away and train it again.';

/** The checked keys of an object. */
function pick<T extends object>(
  stored: Record<string, unknown>,
  checks: Readonly<Record<keyof T, Check>>,
): T {
  return Object.fromEntries(Object.keys(checks).map((name) => [name, stored[name]])) as T;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function isSums(value: unknown): boolean {
  return (
    isObject(value) &&
    Object.keys(NO_METRICS).every((key) => {
      const sum = value[key];
      return typeof sum === 'number' || sum === null; // null is the NaN of a run that diverged, which JSON cannot express
    })
  );
}

function isBest(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { epoch, step, valLoss, valAccuracy } = value;
  return isCount(epoch) && isCount(step) && isAmount(valLoss) && isAmount(valAccuracy);
}

function isCsvState(value: unknown): boolean {
  return isObject(value) && isCount(value.bytes) && isHash(value.sha256);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value);
}

function isAmount(value: unknown): boolean {
  return typeof value === 'number' && value >= 0;
}

function isHash(value: unknown): boolean {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}
