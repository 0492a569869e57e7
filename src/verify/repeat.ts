/** @file Trains a run again in a temporary folder and compares the results. The folder of the run is not changed. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../config.js';
import { readDataset } from '../data/mnist.js';
import { type Choice, chooseBackend, chooseToContinue } from '../engines/select.js';
import { UserError } from '../errors.js';
import { runPaths } from '../runs/paths.js';
import type { FoundRun } from '../runs/reading.js';
import { fingerprintOf, type RunRecord, runId } from '../runs/record.js';
import type { OnEvent } from '../train/events.js';
import { type RunInput, trainRun } from '../train/run.js';
import { type Comparison, compareResults, readResultFiles } from './reproduce.js';

/** How a repetition ended. */
export type Repetition =
  | { readonly kind: 'compared'; readonly comparison: Comparison }
  | { readonly kind: 'interrupted'; readonly step: number }
  | { readonly kind: 'failed'; readonly error: unknown };

/** Values that a repetition may change. */
export type Change = Partial<Pick<Config, 'backend' | 'threads' | 'data'>>;

/**
 * Trains a run again and compares the results.
 *
 * @param onEvent receives the events of the repetition, with the folder of the run itself
 * @throws {UserError} if training did not start: the run has no result, or its files, arithmetic or data do not match
 */
export async function repeatRun(
  run: FoundRun,
  change: Change,
  { argv, signal }: Pick<RunInput, 'argv' | 'signal'>,
  onEvent: OnEvent,
): Promise<Repetition> {
  const { config, choice } = await resolve(run, change);
  const recorded = readResultFiles(run.directory);
  return withTemporaryFolder(async (folder) => {
    const repeated = join(folder, run.record.run_id);
    const target = { directory: repeated, choice };
    const outcome = await trainRun(
      { config, target, runsDirectory: folder, force: false, argv, signal },
      (event) =>
        onEvent(
          event.kind === 'open'
            ? { kind: 'open', opening: { ...event.opening, directory: run.directory } }
            : event,
        ),
    );
    if (outcome.kind === 'interrupted') return { kind: outcome.kind, step: outcome.step };
    if (outcome.kind === 'failed') return { kind: outcome.kind, error: outcome.error };
    return { kind: 'compared', comparison: compareResults(recorded, readResultFiles(repeated)) };
  });
}

/**
 * The config and backend that repeat a run on this machine.
 *
 * @throws {UserError} E_RUN, E_CONFIG, E_DATA or E_BACKEND if the results could not be the same
 */
async function resolve(
  { directory, record, config: stored, status }: FoundRun,
  change: Change,
): Promise<{ config: Config; choice: Choice }> {
  if (status !== 'completed' && status !== 'diverged') {
    throw new UserError('E_RUN', `Expected a run with a result, but ${record.run_id} is ${status}.`, {
      hint: `Finish it first with \`wnlstm resume ${directory}\`.`,
    });
  }
  const isOther = change.backend !== undefined && change.backend !== stored.backend;
  const config: Config = { ...stored, ...change, ...(isOther && { device: 'auto' }) };
  const choice = change.backend ? await chooseBackend(config) : await chooseToContinue(stored);
  if (choice.arithmetic !== record.arithmetic) {
    throw new UserError(
      'E_RUN',
      `${record.run_id} was computed with the arithmetic ${record.arithmetic}, but the ${choice.backend} backend computes with ${choice.arithmetic}, so its results are not exactly the same.`,
      {
        hint: `Train it with this arithmetic: \`wnlstm train --config ${runPaths(directory).config}\`.`,
      },
    );
  }
  checkData(record, config);
  if (runId(stored, fingerprintOf(stored, choice.arithmetic, record.data.checksums)) !== record.run_id) {
    throw new UserError(
      'E_RUN',
      `${runPaths(directory).config} is not the config that the run was trained with.`,
      { hint: `Check the other files of the run with \`wnlstm verify ${directory}\`.` },
    );
  }
  return { config, choice };
}

function checkData(record: RunRecord, config: Config): void {
  const { checksums } = readDataset(config.data);
  const other = Object.entries(record.data.checksums).find(([name, sum]) => checksums[name] !== sum);
  if (!other) return;
  throw new UserError(
    'E_DATA',
    `${config.data ?? 'The bundled MNIST'}: ${other[0]} is not the file that the run was trained with.`,
    { hint: 'The SHA-256 of that file is in run.json under data.' },
  );
}

/** Runs a task with a folder that is removed when the task ends, or when the process exits before. */
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
