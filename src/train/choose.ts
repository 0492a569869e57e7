/** @file What computes a run: for `auto`, the backend that began it, if it works here. */

import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Config, configKeys } from '../config.js';
import { type Choice, chooseBackend, continuable } from '../engines/select.js';
import { UserError } from '../errors.js';
import { listRuns } from '../runs/find.js';
import type { FoundRun } from '../runs/reading.js';
import { fingerprint, NO_IDENTITY, runId } from '../runs/record.js';

/** What computes a run, and what there is to say of it. */
export interface Chosen {
  readonly choice: Choice;
  /** Why a run that was begun with another backend is not continued; null if there is none. */
  readonly note: string | null;
}

type Checksums = Readonly<Record<string, string>>;

/**
 * Decides what computes a run.
 *
 * @param checksums of its data
 * @throws {UserError} E_BACKEND if the backend asked for does not work here
 */
export async function chooseForRun(
  config: Config,
  checksums: Checksums,
  runsDirectory: string,
): Promise<Chosen> {
  const choice = await chooseBackend(config);
  const directory = join(runsDirectory, runId(config, fingerprint(config, choice.arithmetic, checksums)));
  if (config.backend !== 'auto' || existsSync(directory)) return { choice, note: null };
  const begun = findUnfinished(runsDirectory, config, checksums);
  if (begun === null) return { choice, note: null };
  const { arithmetic, backend } = begun.record;
  const instead = `${begun.directory} was begun with ${backend} and is not continued:`;
  try {
    const other = await chooseBackend(await continuable(begun.config));
    if (other.arithmetic === arithmetic) {
      return { choice: { ...other, why: `${begun.directory} was begun with it` }, note: null };
    }
    const reason = `it was computed with the arithmetic ${arithmetic}, ${other.backend} computes with ${other.arithmetic}.`;
    return { choice, note: `${instead} ${reason}` };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { choice, note: `${instead} ${error.message}` };
  }
}

/** A run of this config and data that another arithmetic began and did not end; the newest. */
function findUnfinished(runsDirectory: string, config: Config, checksums: Checksums): FoundRun | null {
  const prefix = runId(config, '');
  const isSame = (other: Config): boolean =>
    configKeys.every((key) => NO_IDENTITY.includes(key) || other[key] === config[key]);
  const unfinished = listRuns(runsDirectory, () => {}).filter(
    ({ directory, status, config: other, record }) =>
      (status === 'interrupted' || status === 'stale' || status === 'failed') &&
      directory === join(runsDirectory, basename(directory)) && // not of a sweep
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
