/** @file Starts a longer run from a finished one, so that its files are those of the longer run trained at once. */

import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config, ResolvedConfig } from '../config.js';
import { readDataset } from '../data/mnist.js';
import { type Choice, chooseToContinue, withChoice } from '../engines/select.js';
import { ioError, UserError } from '../errors.js';
import { makeDirectory, readRegular, removeIfEmpty, writeSynced } from '../files.js';
import {
  listCheckpoints,
  readCheckpoint,
  type StoredCheckpoint,
  writeCheckpoint,
} from '../runs/checkpoint.js';
import { acquireLock } from '../runs/lock.js';
import { epochColumns, openCsv, stepColumns } from '../runs/metrics.js';
import { runPaths } from '../runs/paths.js';
import { type FoundRun, holdsRun } from '../runs/reading.js';
import { fingerprintOf, type RunRecord, runId, writeRecord } from '../runs/record.js';
import { type Schedule, scheduleOf } from './trainer.js';

/** A longer run whose folder is ready to be resumed. */
export interface Extension {
  readonly config: ResolvedConfig;
  readonly directory: string;
  readonly choice: Choice;
  /** The step of the checkpoint that it continues from; 0 if none fits; null if the longer run exists already. */
  readonly from: number | null;
}

/** The keys that set the length of a run. */
export type Length = Pick<Config, 'epochs' | 'steps'>;

/**
 * Prepares the folder of a longer run beside a finished one. The finished run is only read.
 *
 * @param longer gives the length of the longer run, from the schedule of the finished one
 * @throws {UserError} E_RUN, E_CONFIG, E_DATA or E_BACKEND if the run has not completed, the length does not grow, or the data
 *   or the arithmetic are not those of the run
 */
export async function extendRun(run: FoundRun, longer: (before: Schedule) => Length): Promise<Extension> {
  const { directory: source, record, config: shorter, status } = run;
  if (status !== 'completed') {
    throw new UserError('E_RUN', `Expected a completed run, but ${record.run_id} is ${status}.`, {
      hint:
        status === 'diverged'
          ? 'A run whose loss became infinite or NaN cannot go on. Train with a smaller --lr.'
          : `Finish it first with \`wnlstm resume ${source}\`.`,
    });
  }
  const dataset = readDataset(shorter.data);
  const changed = Object.entries(record.data.checksums).find(
    ([name, sum]) => dataset.checksums[name] !== sum,
  );
  if (changed)
    throw new UserError('E_DATA', `${changed[0]} is not the file that the run was trained with.`, {
      hint: 'If the data were moved, give their folder with `--data DIR`.',
    });
  const choice = await chooseToContinue(shorter);
  if (choice.arithmetic !== record.arithmetic)
    throw new UserError(
      'E_RUN',
      `${record.run_id} was computed with the arithmetic ${record.arithmetic}, but the ${choice.backend} backend computes with ${choice.arithmetic}.`,
      { hint: 'Train the longer run from the start with `wnlstm train`.' },
    );
  const before = scheduleOf(shorter, dataset.train.count);
  const { epochs, steps } = longer(before);
  const config = withChoice({ ...shorter, epochs, steps }, choice);
  const after = scheduleOf(config, dataset.train.count);
  if (after.totalSteps <= before.totalSteps) {
    throw new UserError(
      'E_CONFIG',
      `Expected more than the ${before.totalSteps} steps of ${record.run_id}, got ${after.totalSteps}.`,
      {
        hint: `An epoch has ${before.stepsPerEpoch} steps. Give the total length, such as --epochs 10, or what is added, such as --epochs +5.`,
      },
    );
  }
  const fingerprint = fingerprintOf(config, choice.arithmetic, dataset.checksums);
  const id = runId(config, fingerprint);
  const directory = join(dirname(source), id);
  if (holdsRun(directory)) return { config, directory, choice, from: null };
  const checkpoint = latestUsable(source, shorter, before, record.run_id);
  if (checkpoint) {
    const now = new Date().toISOString();
    const { summary_sha256: _, ...others } = record;
    await copyStart(run, directory, checkpoint, {
      ...others,
      run_id: id,
      fingerprint,
      status: 'interrupted',
      started_at: now,
      updated_at: now,
      argv: [...record.argv, '--epochs', String(config.epochs), '--steps', String(config.steps ?? 'none')],
      total_steps: after.totalSteps,
    });
  }
  return { config, directory, choice, from: checkpoint?.progress.step ?? 0 };
}

/**
 * The latest checkpoint that the longer run has too. At its last step the shorter run closes an epoch and a row of steps.csv
 * even where the longer run does not; that checkpoint fits only if the epoch is complete, and the sums of the row are in it.
 */
function latestUsable(
  directory: string,
  { logEvery }: Config,
  { stepsPerEpoch, totalSteps }: Schedule,
  id: string,
): StoredCheckpoint | null {
  const { checkpoints } = runPaths(directory);
  for (const step of listCheckpoints(checkpoints).reverse()) {
    const checkpoint = readCheckpoint(checkpoints, step, id);
    const isRowKept = checkpoint.progress.row.count === step % logEvery;
    if (step < totalSteps || (step % stepsPerEpoch === 0 && isRowKept)) return checkpoint;
  }
  return null;
}

/** Copies the rows up to a checkpoint, the checkpoint and the best one so far; the record comes last. After an error, nothing is left. */
async function copyStart(
  { directory: source, config: { logEvery } }: FoundRun,
  directory: string,
  { progress, state }: StoredCheckpoint,
  record: RunRecord,
): Promise<void> {
  const folders = makeDirectory(directory);
  const lock = await acquireLock(directory);
  const [from, to] = [runPaths(source), runPaths(directory)];
  let isComplete = false;
  try {
    copyRegular(from.steps, to.steps);
    copyRegular(from.epochs, to.epochs);
    const { step } = progress;
    const origin = {
      run_id: record.run_id,
      steps_csv: openCsv(to.steps, stepColumns, step - (step % logEvery)).sync(),
      metrics_csv: openCsv(to.epochs, epochColumns, step).sync(),
    };
    const best = progress.best?.step ?? step;
    // An older best checkpoint may be gone; then a later epoch of the finished run was better, and will be again.
    if (best !== step && listCheckpoints(from.checkpoints).includes(best))
      writeCheckpoint(to.checkpoints, readCheckpoint(from.checkpoints, best), origin, lock.assertHeld);
    writeCheckpoint(to.checkpoints, { progress, state }, origin, lock.assertHeld);
    writeRecord(directory, record);
    isComplete = true;
  } finally {
    const undo = isComplete ? [] : folders; // not in a folder that was there before
    if (undo.length > 0)
      for (const path of [to.steps, to.epochs, to.checkpoints, to.record])
        rmSync(path, { recursive: true, force: true });
    lock.release();
    undo.forEach(removeIfEmpty);
  }
}

/** Copies a file, but no pipe or device, which may have no end. */
function copyRegular(from: string, to: string): void {
  let content: Buffer;
  try {
    content = readRegular(from);
  } catch (error) {
    throw ioError(`read ${from}`, error);
  }
  writeSynced(to, content);
}
