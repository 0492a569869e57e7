/** @file Writes and reads checkpoints: folders with the complete state of a run after a step. A folder is complete or absent. */

import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ioError, UserError } from '../errors.js';
import { makeDirectory, removeTemporary, syncFolder, temporaryName, writeSynced } from '../files.js';
import type { TrainingState } from '../model/state.js';
import { type Origin, type Progress, progressText, RESTORE, readProgress } from './progress.js';
import { readSafetensors, writeSafetensors } from './safetensors.js';

/** The contents of a checkpoint. */
export interface Checkpoint {
  readonly progress: Progress;
  readonly state: TrainingState;
}

/** A checkpoint that was read; the origin is null if an earlier version wrote it. */
export interface StoredCheckpoint extends Checkpoint {
  readonly origin: Origin | null;
}

/** Parameters in the order in which they are hashed; the base model has no gains. */
const PARAMETERS = ['lstm/w_x', 'lstm/g_x', 'lstm/w_h', 'lstm/g_h', 'lstm/b', 'pred/w', 'pred/b'];

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
 * @param origin the run, and its CSV files at this moment
 * @param assertHeld called before the checkpoint is renamed into place; throws if another process owns the run
 * @throws {UserError} E_IO if it cannot be written; older checkpoints are kept
 */
export function writeCheckpoint(
  directory: string,
  { progress, state }: Checkpoint,
  origin: Origin | null = null,
  assertHeld: () => void = () => {},
): void {
  const target = join(directory, checkpointName(progress.step));
  if (existsSync(target) && isIntact(directory, progress.step, origin?.run_id)) return;
  const temporary = temporaryName(target);
  try {
    makeDirectory(directory);
    if (lstatSync(directory).isSymbolicLink())
      throw new UserError('E_IO', `${directory}: expected a folder, got a link.`, {
        hint: 'Remove the link.',
      });
    removeTemporary(directory);
    mkdirSync(temporary);
    const hashes = {
      model_sha256: writeSafetensors(
        join(temporary, 'model.safetensors'),
        pick(state, (name) => !isOptimizerArray(name)),
      ),
      optimizer_sha256: writeSafetensors(
        join(temporary, 'optimizer.safetensors'),
        pick(state, isOptimizerArray),
      ),
    };
    writeSynced(join(temporary, 'progress.json'), progressText(progress, origin, hashes));
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

function isIntact(directory: string, step: number, runId: string | undefined): boolean {
  try {
    readCheckpoint(directory, step, runId);
    return true;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

function pick(state: TrainingState, isPicked: (name: string) => boolean): TrainingState {
  return new Map([...state].filter(([name]) => isPicked(name)));
}

function isOptimizerArray(name: string): boolean {
  return !/^(lstm|pred)\//.test(name);
}

/** Deletes all checkpoints but the last two and the best by validation. A checkpoint that cannot be deleted is kept. */
function prune(directory: string, best: number | undefined): void {
  const steps = listCheckpoints(directory);
  const kept = new Set([...steps.slice(-2), best]);
  for (const step of steps.filter((each) => !kept.has(each))) {
    const folder = join(directory, checkpointName(step));
    const aside = temporaryName(folder); // a folder that is only partly deleted must not look like a checkpoint
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
 * @param runId the id of the run that it must belong to; checkpoints of earlier versions do not record it and are accepted for any run
 * @throws {UserError} E_CHECKPOINT if one of its files is missing or damaged, or if it belongs to another run
 */
export function readCheckpoint(directory: string, step: number, runId?: string): StoredCheckpoint {
  const folder = join(directory, checkpointName(step));
  const { progress, origin, hashes } = readProgress(join(folder, 'progress.json'), step);
  if (origin && runId !== undefined && origin.run_id !== runId) {
    const message = `${folder}: expected a checkpoint of ${runId}, got one of ${origin.run_id}.`;
    throw new UserError('E_CHECKPOINT', message, { hint: RESTORE });
  }
  const files = [
    readSafetensors(join(folder, 'model.safetensors'), hashes?.model_sha256),
    readSafetensors(join(folder, 'optimizer.safetensors'), hashes?.optimizer_sha256),
  ];
  return { progress, state: new Map(files.flatMap((arrays) => [...arrays])), origin };
}

/** The name of a checkpoint's folder, such as `step-000859`. */
export function checkpointName(step: number): string {
  return `step-${String(step).padStart(6, '0')}`;
}
