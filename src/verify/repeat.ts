/** @file Trains a run again from its record, in a temporary folder, and compares the two. The run itself is only read. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, parseConfig } from '../config.js';
import { readDataset } from '../data/mnist.js';
import { chooseBackend, continuable } from '../engines/select.js';
import { UserError } from '../errors.js';
import type { FoundRun } from '../runs/reading.js';
import { fingerprint, type RunRecord, runId } from '../runs/record.js';
import { type Listener, runSession, type SessionInput } from '../train/run.js';
import { type Comparison, compareResults, readResult } from './reproduce.js';

/** How a repetition ended. */
export type Repetition =
  | { readonly kind: 'compared'; readonly comparison: Comparison }
  | { readonly kind: 'interrupted'; readonly step: number }
  | { readonly kind: 'failed'; readonly error: unknown };

/** What a repetition may do in another way. */
export type Change = Partial<Pick<Config, 'backend' | 'threads' | 'data'>>;

/**
 * Trains a run again and compares.
 *
 * @param listener sees the repetition as a session in the run's own folder
 * @throws {UserError} if nothing was started: no result, files that cannot be read, other arithmetic, other data, …
 */
export async function repeatRun(
  run: FoundRun,
  change: Change,
  { argv, signal }: Pick<SessionInput, 'argv' | 'signal'>,
  listener: Listener,
): Promise<Repetition> {
  const config = await configFor(run, change);
  const recorded = readResult(run.directory);
  return withTemporaryFolder(async (folder) => {
    const repeated = join(folder, run.record.run_id);
    const outcome = await runSession(
      { config, runsDirectory: folder, directory: repeated, force: false, argv, signal },
      { ...listener, onOpen: (opening) => listener.onOpen({ ...opening, directory: run.directory }) },
    );
    if (outcome.kind === 'interrupted') return { kind: outcome.kind, step: outcome.step };
    if (outcome.kind === 'failed') return { kind: outcome.kind, error: outcome.error };
    return { kind: 'compared', comparison: compareResults(recorded, readResult(repeated)) };
  });
}

/**
 * The config with which a run is trained again here.
 *
 * @throws {UserError} E_RUN, E_CONFIG, E_DATA or E_BACKEND if that could not give the same
 */
async function configFor({ directory, record, config, status }: FoundRun, change: Change): Promise<Config> {
  if (status !== 'completed' && status !== 'diverged') {
    throw new UserError('E_RUN', `Expected a run that has a result, ${record.run_id} is ${status}.`, {
      hint: `Finish it first: \`wnlstm resume ${directory}\`.`,
    });
  }
  const begun = parseConfig({ ...config }, join(directory, 'config.json'));
  const isOther = change.backend !== undefined && change.backend !== begun.backend;
  const asked: Config = { ...begun, ...change, ...(isOther && { device: 'auto' }) }; // its device was of its backend
  const wanted = change.backend ? asked : await continuable(asked);
  const { arithmetic, backend } = await chooseBackend(wanted);
  if (arithmetic !== record.arithmetic) {
    throw new UserError(
      'E_RUN',
      `${record.run_id} was computed with the arithmetic ${record.arithmetic}; the ${backend} backend computes with ${arithmetic} here, which gives other bits.`,
      { hint: `Train it with this arithmetic: \`wnlstm train --config ${join(directory, 'config.json')}\`.` },
    );
  }
  checkData(record, asked);
  if (runId(begun, fingerprint(begun, arithmetic, record.data.checksums)) !== record.run_id) {
    throw new UserError(
      'E_RUN',
      `${directory}: config.json is not the config that the run was trained with.`,
      {
        hint: `See what else is wrong with the run: \`wnlstm verify ${directory}\`.`,
      },
    );
  }
  return wanted;
}

function checkData(record: RunRecord, config: Config): void {
  const { checksums } = readDataset(config.data);
  const other = Object.entries(record.data.checksums).find(([name, sum]) => checksums[name] !== sum);
  if (!other) return;
  throw new UserError(
    'E_DATA',
    `${config.data ?? 'The bundled MNIST'}: ${other[0]} is not the file that the run was trained on.`,
    { hint: 'Its SHA-256 is in run.json, under data.' },
  );
}

/** A folder that is removed when the task ends, and also when the process is told to leave at once. */
async function withTemporaryFolder<T>(task: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'wnlstm-reproduce-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    return await task(folder);
  } finally {
    process.removeListener('exit', remove);
    remove();
  }
}
