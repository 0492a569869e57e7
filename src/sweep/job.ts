/** @file One job in this process: a session whose words go to the run's log.txt. */

import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { continuable } from '../engines/select.js';
import { asUserError, UserError } from '../errors.js';
import { makeDirectory } from '../files.js';
import { type Listener, type Outcome, runSession } from '../train/run.js';
import type { Executor, Job, JobEnd, JobProgress } from './executor.js';

/** Longer than a lock of another machine or container lives without its owner. */
const PATIENCE_MS = 70_000;

/** Does jobs in this process, one after the other. */
export function createInProcessExecutor(threads: number | null): Executor {
  return {
    slots: 1,
    execute: (job, _slot, onProgress, signal) => runJob(job, threads, onProgress, signal),
    dispose: () => {},
  };
}

/**
 * Trains one run of a sweep.
 *
 * @param threads for it; null: as many as there are cores
 */
export async function runJob(
  { run, directory }: Job,
  threads: number | null,
  onProgress: (progress: JobProgress) => void,
  signal: AbortSignal,
): Promise<JobEnd> {
  const folder = join(directory, run.id);
  const log = (text: string): void => {
    try {
      appendFileSync(join(folder, 'log.txt'), `${new Date().toISOString()} ${text}\n`);
    } catch {
      // The disk is full, most likely: the run's own files say so, and that is the error to show.
    }
  };
  let totalSteps = 0;
  const listener: Listener = {
    onOpen: ({ device, resumedFrom, notes, totalSteps: total }) => {
      totalSteps = total;
      onProgress({ step: resumedFrom, totalSteps });
      const from = resumedFrom > 0 ? `, from step ${resumedFrom}` : '';
      log(`started on ${device}${from}`);
      for (const note of notes) log(`note: ${note}`);
    },
    onEvent: (event) => {
      if (event.kind === 'step') onProgress({ step: event.row.step ?? 0, totalSteps });
      if (event.kind === 'progress') onProgress({ step: event.step, totalSteps });
      if (event.kind === 'epoch') {
        const { epoch, loss, val_loss, val_accuracy } = event.row;
        log(`epoch ${epoch} loss ${loss} val_loss ${val_loss} val_accuracy ${val_accuracy}`);
      }
    },
  };
  try {
    makeDirectory(folder);
    const config = await continuable({ ...run.config, threads });
    const argv = ['sweep', run.id];
    const input = { config, runsDirectory: directory, directory: folder, force: false, argv, signal };
    const outcome = await whenFree(signal, () => runSession(input, listener));
    log(describeOutcome(outcome));
    return outcome.kind === 'failed'
      ? { kind: 'failed', reason: firstLine(outcome.error) }
      : { kind: outcome.kind };
  } catch (error) {
    log(`failed: ${describeError(error)}`);
    return { kind: 'failed', reason: firstLine(error) };
  }
}

/** Tries again while another process has the run: one that an earlier sweep left ends soon, since it is alone. */
async function whenFree(signal: AbortSignal, session: () => Promise<Outcome>): Promise<Outcome> {
  for (let waited = 0; ; waited += 100) {
    try {
      return await session();
    } catch (error) {
      const isLocked = error instanceof UserError && error.code === 'E_LOCKED';
      if (!isLocked || signal.aborted || waited >= PATIENCE_MS) throw error;
      await setTimeout(100);
    }
  }
}

/** What was said when a run was stopped or failed, as lines for its log. */
function describeOutcome(outcome: Outcome): string {
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
}

function describeError(error: unknown): string {
  const known = asUserError(error);
  return known
    ? [known.message, known.hint].filter(Boolean).join('\n')
    : ((error as Error).stack ?? String(error));
}

/** What went wrong, in a line. */
export function firstLine(error: unknown): string {
  return (asUserError(error)?.message ?? String(error)).split('\n')[0];
}
