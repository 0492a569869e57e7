/** @file Handles the files that a run's folder already contains when training starts. */

import { existsSync, rmSync } from 'node:fs';
import type { ResolvedConfig } from '../config.js';
import type { Choice } from '../engines/select.js';
import { UserError } from '../errors.js';
import { replaceFile, toJson } from '../files.js';
import type { Lock } from '../runs/lock.js';
import { runPaths } from '../runs/paths.js';
import { readConfig, readRecord, readResult } from '../runs/reading.js';
import type { RunRecord, Summary } from '../runs/record.js';

/**
 * The result of a run that has ended, or null if it has none.
 *
 * @param runId the id that the folder's run must have
 * @param fingerprint the fingerprint that the run must have
 * @throws {UserError} E_RUN if the folder holds a run of another config, data or arithmetic
 */
export function findResult(
  directory: string,
  runId: string,
  fingerprint: string,
  choice: Choice,
): Summary | null {
  const record = readRecord(directory);
  if (record === null) return null;
  checkFingerprint(directory, record, fingerprint, choice);
  if (record.run_id !== runId) {
    throw new UserError('E_RUN', `${directory}: expected the run ${runId}, found ${record.run_id}.`, {
      hint: 'The folder holds a copy of another run. Move it away, then run the same command again.',
    });
  }
  return readResult(directory, runId);
}

function checkFingerprint(
  directory: string,
  record: RunRecord,
  fingerprint: string,
  { backend, arithmetic }: Choice,
): void {
  if (record.fingerprint === fingerprint) return;
  if (record.arithmetic !== arithmetic) {
    throw new UserError(
      'E_RUN',
      `${directory} was computed with the arithmetic ${record.arithmetic}, but the ${backend} backend computes with ${arithmetic}. The run cannot continue with other arithmetic.`,
      { hint: `Train it again from the start: \`wnlstm train --config ${runPaths(directory).config}\`.` },
    );
  }
  throw new UserError(
    'E_RUN',
    `${directory}: expected the fingerprint ${fingerprint.slice(0, 16)}…, found ${record.fingerprint.slice(0, 16)}….`,
    { hint: 'The folder holds a run of another config or other data. Use another folder with `--runs DIR`.' },
  );
}

/** Writes the config of a finished run again if it is missing or damaged. An unfinished run writes it when it resumes. */
export function restoreConfig(directory: string, config: ResolvedConfig): void {
  const paths = runPaths(directory);
  if (!existsSync(paths.record)) return;
  try {
    readConfig(directory);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    replaceFile(paths.config, toJson(config));
  }
}

/** Removes a run's files. Checkpoints are removed first, so that a crash cannot leave files that look like a run to resume. */
export function removeRun(directory: string, lock: Lock): void {
  const { checkpoints, summary, epochs, steps, config, record } = runPaths(directory);
  for (const path of [checkpoints, summary, epochs, steps, config, record]) {
    lock.assertHeld();
    rmSync(path, { recursive: true, force: true });
  }
}
