/** @file Chooses the backend of a run: for `auto`, the one that started the run, if it works on this machine. */

import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Config, configKeys } from '../config.js';
import { type Choice, chooseBackend, chooseToContinue } from '../engines/select.js';
import { UserError } from '../errors.js';
import { listRuns } from '../runs/find.js';
import type { FoundRun } from '../runs/reading.js';
import { fingerprintOf, NOT_IDENTITY, runId } from '../runs/record.js';

/** The backend of a run. */
export interface Chosen {
  readonly choice: Choice;
  /** Why an unfinished run of this config is not continued; null if there is none. */
  readonly note: string | null;
}

type Checksums = Readonly<Record<string, string>>;

/**
 * Chooses the backend of a run.
 *
 * @param checksums SHA-256 of the data's files, by name
 * @throws {UserError} E_BACKEND if the backend that the config names does not work on this machine
 */
export async function chooseForRun(
  config: Config,
  checksums: Checksums,
  runsDirectory: string,
): Promise<Chosen> {
  const choice = await chooseBackend(config);
  const directory = join(runsDirectory, runId(config, fingerprintOf(config, choice.arithmetic, checksums)));
  if (config.backend !== 'auto' || existsSync(directory)) return { choice, note: null };
  const unfinished = findUnfinished(runsDirectory, config, checksums);
  if (unfinished === null) return { choice, note: null };
  const { arithmetic, backend } = unfinished.record;
  const notContinued = `The run in ${unfinished.directory}, which ${backend} started, is not continued:`;
  try {
    const other = await chooseToContinue(unfinished.config);
    if (other.arithmetic === arithmetic) {
      return { choice: { ...other, why: `it started ${unfinished.directory}` }, note: null };
    }
    const reason = `it was computed with the arithmetic ${arithmetic}, and ${other.backend} computes with ${other.arithmetic}.`;
    return { choice, note: `${notContinued} ${reason}` };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { choice, note: `${notContinued} ${error.message}` };
  }
}

/** The newest unfinished run of this config and data that was computed with any arithmetic. */
function findUnfinished(runsDirectory: string, config: Config, checksums: Checksums): FoundRun | null {
  const prefix = runId(config, '');
  const isSame = (other: Config): boolean =>
    configKeys.every((key) => NOT_IDENTITY.includes(key) || other[key] === config[key]);
  const unfinished = listRuns(runsDirectory, () => {}).filter(
    ({ directory, status, config: other, record }) =>
      (status === 'interrupted' || status === 'stale' || status === 'failed') &&
      directory === join(runsDirectory, basename(directory)) && // runs of sweeps lie one level deeper
      basename(directory).startsWith(prefix) &&
      other.seed === config.seed &&
      isSame(other) &&
      sameChecksums(record.data.checksums, checksums),
  );
  return unfinished.at(-1) ?? null;
}

function sameChecksums(a: Checksums, b: Checksums): boolean {
  return Object.keys({ ...a, ...b }).every((file) => a[file] === b[file]);
}
