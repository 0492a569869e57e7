/** @file Checkpoints: everything that the rest of a run depends on, in a folder that is whole or not there. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ioError, UserError } from '../errors.js';
import { makeDirectory, syncFolder, toJson, writeSynced } from '../files.js';
import { type NamedArray, readSafetensors, writeSafetensors } from './safetensors.js';

/** Sums over `count` steps; divided by `count` they are what the CSVs show. */
export interface StepMetrics {
  readonly count: number;
  readonly loss: number;
  readonly accuracy: number;
  /** Global gradient norm before and after clipping. */
  readonly gradNorm: number;
  readonly gradNormClipped: number;
  /** Share clipped of variables (norm), of steps (global-norm) or of elements (value). */
  readonly clipFraction: number;
}

/** The sums over no steps. */
export const NO_METRICS: StepMetrics = {
  count: 0,
  loss: 0,
  accuracy: 0,
  gradNorm: 0,
  gradNormClipped: 0,
  clipFraction: 0,
};

/** Parameters, optimiser slots and sums not yet taken of an engine, by name. */
export type TrainingState = ReadonlyMap<string, NamedArray>;

/** The epoch with the highest validation accuracy so far; the first of equals. */
export interface Best {
  readonly epoch: number;
  readonly step: number;
  readonly valLoss: number;
  readonly valAccuracy: number;
}

/** The trainer's own memory at a step. */
export interface Progress {
  readonly step: number;
  /** Sums since the last row of steps.csv, and since the last of metrics.csv, as far as they were taken. */
  readonly row: StepMetrics;
  readonly epoch: StepMetrics;
  readonly best: Best | null;
  /** The loss is infinite or NaN: there is nothing to go on with. */
  readonly diverged: boolean;
  /** Seconds since the start, without the time between a stop and its resumption. */
  readonly elapsedSeconds: number;
  /** Of them: spent in steps, and spent in the epoch that is going on. */
  readonly stepSeconds: number;
  readonly epochSeconds: number;
}

/** What a checkpoint holds. */
export interface Checkpoint {
  readonly progress: Progress;
  readonly state: TrainingState;
}

/** The name of a checkpoint's folder: `step-000859`. */
export const checkpointName = (step: number): string => `step-${String(step).padStart(6, '0')}`;
const isOptimizerArray = (name: string): boolean => !/^(lstm|pred)\//.test(name);
const pick = (state: TrainingState, wanted: (name: string) => boolean): TrainingState =>
  new Map([...state].filter(([name]) => wanted(name)));

/** The parameters in the order in which they are hashed; base has no gains. */
const PARAMETERS = ['lstm/w_x', 'lstm/g_x', 'lstm/w_h', 'lstm/g_h', 'lstm/b', 'pred/w', 'pred/b'];

/** SHA-256 of the parameters of a state, one after the other as little-endian floats, 64 hex digits. */
export const hashWeights = (state: TrainingState): string => {
  const hash = createHash('sha256');
  for (const name of PARAMETERS) {
    const data = state.get(name)?.data;
    if (data) hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
};

/** Steps that have a checkpoint in `directory`, ascending. */
export const listCheckpoints = (directory: string): number[] => {
  if (!existsSync(directory)) return [];
  const steps = readdirSync(directory).flatMap((name) => /^step-(\d+)$/.exec(name)?.[1] ?? []);
  return steps.map(Number).sort((a, b) => a - b);
};

/**
 * Writes a checkpoint, then deletes all but the last two and the best by validation.
 *
 * @param directory `runs/<run-id>/checkpoints`
 * @throws {UserError} E_IO if it cannot be written; older checkpoints are then untouched
 */
export const writeCheckpoint = (directory: string, { progress, state }: Checkpoint): void => {
  const target = join(directory, checkpointName(progress.step));
  const temporary = `${target}.tmp`;
  try {
    rmSync(temporary, { recursive: true, force: true });
    makeDirectory(temporary);
    writeSafetensors(
      join(temporary, 'model.safetensors'),
      pick(state, (name) => !isOptimizerArray(name)),
    );
    writeSafetensors(join(temporary, 'optimizer.safetensors'), pick(state, isOptimizerArray));
    writeSynced(join(temporary, 'progress.json'), toJson(progress));
    syncFolder(temporary);
    rmSync(target, { recursive: true, force: true });
    renameSync(temporary, target);
    syncFolder(directory);
  } catch (error) {
    if (existsSync(temporary)) rmSync(temporary, { recursive: true, force: true });
    throw error instanceof UserError ? error : ioError(`write the checkpoint ${target}`, error);
  }
  const kept = new Set([...listCheckpoints(directory).slice(-2), progress.best?.step]);
  for (const step of listCheckpoints(directory)) {
    if (!kept.has(step)) rmSync(join(directory, checkpointName(step)), { recursive: true, force: true });
  }
};

const HINT = 'Put back a copy of it; `--force` starts the run over.';

/**
 * Reads the checkpoint of a step.
 *
 * @throws {UserError} E_CHECKPOINT if a part of it is missing or damaged
 */
export const readCheckpoint = (directory: string, step: number): Checkpoint => {
  const folder = join(directory, checkpointName(step));
  let progress: Progress;
  try {
    progress = JSON.parse(readFileSync(join(folder, 'progress.json'), 'utf8')) as Progress;
  } catch (error) {
    throw new UserError(
      'E_CHECKPOINT',
      `${folder}/progress.json: expected JSON, got ${(error as Error).message}.`,
      {
        hint: HINT,
        cause: error,
      },
    );
  }
  if (progress?.step !== step || !progress.row || !progress.epoch) {
    throw new UserError(
      'E_CHECKPOINT',
      `${folder}/progress.json: expected the progress of step ${step}, got something else.`,
      { hint: HINT },
    );
  }
  const files = ['model.safetensors', 'optimizer.safetensors'].map((file) =>
    readSafetensors(join(folder, file)),
  );
  return { progress, state: new Map(files.flatMap((arrays) => [...arrays])) };
};
