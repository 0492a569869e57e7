/** @file Checkpoints: everything that the rest of a run depends on, in a folder that is complete or does not exist. */

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ioError, UserError } from '../errors.js';
import {
  makeDirectory,
  readRegular,
  removeTemporary,
  syncFolder,
  temporaryName,
  toJson,
  writeSynced,
} from '../files.js';
import { NO_METRICS, type StepMetrics, type TrainingState } from '../model/state.js';
import { readSafetensors, writeSafetensors } from './safetensors.js';

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
  /** Sums since the last row of steps.csv, and since the last row of metrics.csv, without those still in the engine. */
  readonly row: StepMetrics;
  readonly epoch: StepMetrics;
  readonly best: Best | null;
  /** Whether the loss became infinite or NaN, which ends the run. */
  readonly diverged: boolean;
  /** Seconds of training; the time between a stop and the resumption does not count. */
  readonly elapsedSeconds: number;
  /** Seconds spent in steps, in total and in the current epoch. */
  readonly stepSeconds: number;
  readonly epochSeconds: number;
}

/** SHA-256 of a checkpoint's files; earlier versions did not record them. */
interface Hashes {
  readonly model_sha256?: string;
  readonly optimizer_sha256?: string;
  /** The hash of progress.json without this line. */
  readonly progress_sha256?: string;
}

/** The contents of a checkpoint. */
export interface Checkpoint {
  readonly progress: Progress;
  readonly state: TrainingState;
}

/** Parameters in the order in which they are hashed; the base model has no gains. */
const PARAMETERS = ['lstm/w_x', 'lstm/g_x', 'lstm/w_h', 'lstm/g_h', 'lstm/b', 'pred/w', 'pred/b'];

const HINT = 'Restore a copy of it, or start the run over with `--force`.';

/** The check of each field of progress.json. */
const FIELDS: Readonly<Record<keyof Progress | keyof Hashes, (value: unknown) => boolean>> = {
  step: Number.isSafeInteger,
  row: isSums,
  epoch: isSums,
  best: isBest,
  diverged: (value) => typeof value === 'boolean',
  elapsedSeconds: isAmount,
  stepSeconds: isAmount,
  epochSeconds: isAmount,
  model_sha256: isHash,
  optimizer_sha256: isHash,
  progress_sha256: isHash,
};

/** SHA-256 of a state's parameters, concatenated as little-endian floats; 64 hex digits. */
export function hashWeights(state: TrainingState): string {
  const hash = createHash('sha256');
  for (const name of PARAMETERS) {
    const data = state.get(name)?.data;
    if (data) hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}

/**
 * Writes a checkpoint, then deletes all but the last two and the best by validation. An intact checkpoint of the same step
 * is kept, as its content is the same.
 *
 * @param directory `runs/<run-id>/checkpoints`
 * @param assertHeld called again before the checkpoint gets its name; throws if another process owns the run
 * @throws {UserError} E_IO if it cannot be written; older checkpoints are kept
 */
export function writeCheckpoint(
  directory: string,
  { progress, state }: Checkpoint,
  assertHeld: () => void = () => {},
): void {
  const target = join(directory, checkpointName(progress.step));
  if (existsSync(target) && isIntact(directory, progress.step)) return;
  const temporary = temporaryName(target);
  try {
    makeDirectory(directory);
    removeTemporary(directory);
    mkdirSync(temporary);
    const hashes: Hashes = {
      model_sha256: writeSafetensors(
        join(temporary, 'model.safetensors'),
        pick(state, (name) => !isOptimizerArray(name)),
      ),
      optimizer_sha256: writeSafetensors(
        join(temporary, 'optimizer.safetensors'),
        pick(state, isOptimizerArray),
      ),
    };
    const stored = { ...progress, ...hashes };
    writeSynced(
      join(temporary, 'progress.json'),
      toJson({ ...stored, progress_sha256: sha256(toJson(stored)) }),
    );
    syncFolder(temporary);
    assertHeld();
    rmSync(target, { recursive: true, force: true }); // it exists only if it is damaged
    renameSync(temporary, target);
    syncFolder(directory);
  } catch (error) {
    if (existsSync(temporary)) rmSync(temporary, { recursive: true, force: true });
    throw error instanceof UserError ? error : ioError(`write the checkpoint ${target}`, error);
  }
  prune(directory, progress.best?.step);
}

function isIntact(directory: string, step: number): boolean {
  try {
    readCheckpoint(directory, step);
    return true;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

function pick(state: TrainingState, wanted: (name: string) => boolean): TrainingState {
  return new Map([...state].filter(([name]) => wanted(name)));
}

function isOptimizerArray(name: string): boolean {
  return !/^(lstm|pred)\//.test(name);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Deletes all checkpoints but the last two and the best by validation. One that cannot be deleted does no harm. */
function prune(directory: string, best: number | undefined): void {
  const steps = listCheckpoints(directory);
  const kept = new Set([...steps.slice(-2), best]);
  for (const step of steps.filter((each) => !kept.has(each))) {
    const folder = join(directory, checkpointName(step));
    const aside = temporaryName(folder); // a half-deleted folder must not look like a checkpoint
    try {
      renameSync(folder, aside);
      rmSync(aside, { recursive: true, force: true });
    } catch {
      // No permission, or an open file. The next checkpoint tries again.
    }
  }
}

/**
 * The steps that have a checkpoint in `directory`, in ascending order.
 *
 * @throws {UserError} E_IO if it cannot be listed
 */
export function listCheckpoints(directory: string): number[] {
  if (!existsSync(directory)) return [];
  try {
    const steps = readdirSync(directory).flatMap((name) => /^step-(\d+)$/.exec(name)?.[1] ?? []);
    return steps.map(Number).sort((a, b) => a - b);
  } catch (error) {
    throw ioError(`list ${directory}`, error);
  }
}

/**
 * Reads the checkpoint of a step.
 *
 * @throws {UserError} E_CHECKPOINT if a file of it is missing or damaged
 */
export function readCheckpoint(directory: string, step: number): Checkpoint {
  const folder = join(directory, checkpointName(step));
  const { model_sha256: model, optimizer_sha256: optimizer, ...progress } = readProgress(folder, step);
  const files = [
    readSafetensors(join(folder, 'model.safetensors'), model),
    readSafetensors(join(folder, 'optimizer.safetensors'), optimizer),
  ];
  return { progress, state: new Map(files.flatMap((arrays) => [...arrays])) };
}

function readProgress(folder: string, step: number): Progress & Hashes {
  const path = join(folder, 'progress.json');
  const bad = (message: string, cause?: unknown): UserError =>
    new UserError('E_CHECKPOINT', `${path}: ${message}.`, { hint: HINT, cause });
  let stored: Record<string, unknown> | null;
  try {
    stored = JSON.parse(readRegular(path).toString()) as Record<string, unknown> | null;
  } catch (error) {
    throw bad(`expected JSON, got ${(error as Error).message}`, error);
  }
  if (stored?.step !== step) throw bad(`expected the progress of step ${step}, got something else`);
  const wrong = Object.entries(FIELDS).find(([name, isValid]) => !isValid(stored[name]));
  if (wrong)
    throw bad(`expected the progress of step ${step}, got ${wrong[0]} ${JSON.stringify(stored[wrong[0]])}`);
  const { progress_sha256: expected, ...others } = stored;
  const found = sha256(toJson(others));
  if (expected !== undefined && found !== expected)
    throw bad(
      `expected the SHA-256 ${String(expected).slice(0, 16)}…, which the file records of itself, got ${found.slice(0, 16)}…`,
    );
  return others as unknown as Progress & Hashes;
}

/** The name of a checkpoint's folder, such as `step-000859`. */
export function checkpointName(step: number): string {
  return `step-${String(step).padStart(6, '0')}`;
}

function isSums(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.keys(NO_METRICS).every((key) => {
      const sum = (value as Record<string, unknown>)[key];
      return typeof sum === 'number' || sum === null; // null is the NaN of a run that diverged, which JSON cannot express
    })
  );
}

function isBest(value: unknown): boolean {
  if (value === null) return true;
  const { epoch, step, valLoss, valAccuracy } = (value ?? {}) as Record<string, unknown>;
  return (
    Number.isSafeInteger(epoch) && Number.isSafeInteger(step) && isAmount(valLoss) && isAmount(valAccuracy)
  );
}

function isAmount(value: unknown): boolean {
  return typeof value === 'number' && value >= 0;
}

function isHash(value: unknown): boolean {
  return value === undefined || (typeof value === 'string' && /^[0-9a-f]{64}$/.test(value));
}
