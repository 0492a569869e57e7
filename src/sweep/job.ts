/** @file One job in this process: a session whose words go to the run's log.txt. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Config } from '../config.js';
import { UserError } from '../errors.js';
import { makeDirectory } from '../files.js';
import { ownerOf } from '../runs/lock.js';
import { type Outcome, runSession } from '../train/session.js';
import type { Executor, Job, JobEnd, JobProgress } from './executor.js';

/** What was said when a run was stopped or failed, as lines for its log. */
const describeOutcome = (outcome: Outcome): string => {
  switch (outcome.kind) {
    case 'completed':
    case 'diverged':
      return `${outcome.kind}${outcome.trained ? '' : ' before'}`;
    case 'interrupted':
      return `interrupted after step ${outcome.step}`;
    case 'failed':
      return `failed: ${describeError(outcome.error)}`;
    default:
      return outcome satisfies never;
  }
};

const describeError = (error: unknown): string =>
  error instanceof UserError
    ? [error.message, error.hint].filter(Boolean).join('\n')
    : ((error as Error).stack ?? String(error));

const oneLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0];

const PATIENCE_MS = 30_000;

/** Waits for a process that an earlier sweep left and that is about to end, since it is alone. */
const whenFree = async (folder: string): Promise<void> => {
  for (let waited = 0; waited < PATIENCE_MS && ownerOf(folder) !== null; waited += 100) await setTimeout(100);
};

/**
 * Trains one run of a sweep.
 *
 * @param threads for it; null: as many as there are cores
 */
export const runJob = async (
  { run, directory }: Job,
  threads: number | null,
  onProgress: (progress: JobProgress) => void,
  signal: AbortSignal,
): Promise<JobEnd> => {
  const folder = join(directory, run.id);
  makeDirectory(folder);
  const log = (text: string): void =>
    appendFileSync(join(folder, 'log.txt'), `${new Date().toISOString()} ${text}\n`);
  let totalSteps = 0;
  try {
    await whenFree(folder);
    const config: Config = { ...run.config, threads };
    const outcome = await runSession(
      { config, runsDirectory: directory, directory: folder, force: false, argv: ['sweep', run.id], signal },
      {
        onOpen: ({ device, resumedFrom, totalSteps: total, otherBuild }) => {
          totalSteps = total;
          onProgress({ step: resumedFrom, totalSteps });
          const from = resumedFrom > 0 ? `, from step ${resumedFrom}` : '';
          log(`started on ${device}${from}${otherBuild ? `, begun with build ${otherBuild}` : ''}`);
        },
        onEvent: (event) => {
          if (event.kind === 'step') onProgress({ step: event.row.step ?? 0, totalSteps });
          if (event.kind === 'epoch') {
            const { epoch, loss, val_loss, val_accuracy } = event.row;
            log(`epoch ${epoch} loss ${loss} val_loss ${val_loss} val_accuracy ${val_accuracy}`);
          }
        },
      },
    );
    log(describeOutcome(outcome));
    return outcome.kind === 'failed'
      ? { kind: 'failed', reason: oneLine(outcome.error) }
      : { kind: outcome.kind };
  } catch (error) {
    log(`failed: ${describeError(error)}`);
    return { kind: 'failed', reason: oneLine(error) };
  }
};

/** Does jobs in this process, one after the other. */
export const createInProcessExecutor = (threads: number | null): Executor => ({
  slots: 1,
  execute: (job, _slot, onProgress, signal) => runJob(job, threads, onProgress, signal),
  dispose: () => {},
});
