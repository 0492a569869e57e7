/** @file Runs one job in this process: trains a run, with its messages in log.txt. */

import { closeSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Dataset } from '../data/mnist.js';
import { chooseBackend, chooseToContinue } from '../engines/select.js';
import { asUserError, UserError } from '../errors.js';
import { makeDirectory, openForAppend } from '../files.js';
import { runPaths } from '../runs/paths.js';
import type { TrainingEvent } from '../train/events.js';
import { type Outcome, trainRun } from '../train/run.js';
import type { Executor, Job, JobEnd, Means } from './executor.js';

/** Longer than a lock from another machine or container can remain valid after its owner has ended. */
const LOCK_WAIT_MS = 70_000;

/**
 * Trains one run of a sweep.
 *
 * @param read reads the data; the default reads it for each run
 * @param onStep receives the number of completed steps, from time to time
 */
export async function runJob(
  { run, directory, ifLocked }: Job,
  { threads, on, lanes }: Means,
  onStep: (step: number) => void,
  signal: AbortSignal,
  read?: (directory: string | null) => Dataset,
): Promise<JobEnd> {
  const folder = join(directory, run.id);
  const log = (text: string): void => appendToLog(folder, text);
  const onEvent = (event: TrainingEvent): void => {
    for (const line of describeEvent(event)) log(line);
    if (event.kind === 'open') onStep(event.opening.resumedFrom);
    if (event.kind === 'progress') onStep(event.step);
  };
  try {
    makeDirectory(folder);
    const choice = on ? await chooseBackend(on) : await chooseToContinue(run.config);
    const target = { directory: folder, choice, id: run.id };
    const config = { ...run.config, threads };
    const argv = ['sweep', run.id];
    const train = (): Promise<Outcome> =>
      trainRun(
        {
          ...{ config, target, runsDirectory: directory, force: false, argv, signal },
          ...(lanes !== undefined && { lanes }),
          ...(read && { read }),
        },
        onEvent,
      );
    const outcome = await (ifLocked === 'wait' ? whenUnlocked(signal, train) : train());
    log(describeOutcome(outcome));
    switch (outcome.kind) {
      case 'completed':
      case 'diverged':
        return { kind: outcome.kind, summary: outcome.summary };
      case 'interrupted':
        return { kind: outcome.kind };
      case 'failed':
        return failedEnd(outcome.error);
      default:
        return outcome satisfies never;
    }
  } catch (error) {
    if (isLocked(error)) return { kind: 'taken' }; // its log belongs to the other process
    log(`failed: ${describeError(error)}`);
    return failedEnd(error);
  }
}

/** Retries while another process owns the run: a worker of a sweep that was killed ends soon. */
async function whenUnlocked(signal: AbortSignal, train: () => Promise<Outcome>): Promise<Outcome> {
  for (let waited = 0; ; waited += 100) {
    try {
      return await train();
    } catch (error) {
      if (!isLocked(error) || signal.aborted || waited >= LOCK_WAIT_MS) throw error;
      await setTimeout(100);
    }
  }
}

function isLocked(error: unknown): boolean {
  return error instanceof UserError && error.code === 'E_LOCKED';
}

function failedEnd(error: unknown): JobEnd {
  const ofBackend = error instanceof UserError && error.code === 'E_BACKEND';
  return { kind: 'failed', reason: firstLine(error), ...(ofBackend && { ofBackend }) };
}

/** Appends a message to log.txt in the folder of a run. */
export function appendToLog(folder: string, text: string): void {
  try {
    const handle = openForAppend(runPaths(folder).log);
    try {
      writeSync(handle, `${new Date().toISOString()} ${text}\n`);
    } finally {
      closeSync(handle);
    }
  } catch {
    // Most likely the disk is full, which writing the run's own files reports.
  }
}

/** The lines of an event in log.txt. */
function describeEvent(event: TrainingEvent): string[] {
  if (event.kind === 'wait') return [event.reason];
  if (event.kind === 'open') {
    const { device, resumedFrom, notes } = event.opening;
    const from = resumedFrom > 0 ? `, from step ${resumedFrom}` : '';
    return [`started on ${device}${from}`, ...notes.map((note) => `note: ${note}`)];
  }
  if (event.kind !== 'epoch') return [];
  const { epoch, loss, val_loss, val_accuracy } = event.row;
  return [`epoch ${epoch} loss ${loss} val_loss ${val_loss} val_accuracy ${val_accuracy}`];
}

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

/** The first line of an error's message. */
export function firstLine(error: unknown): string {
  return (asUserError(error)?.message ?? String(error)).replace(/\n.*/s, '');
}

/** Creates an executor that runs one job after the other in this process. */
export function createInProcessExecutor(threads: number | null): Executor {
  return {
    slots: 1,
    execute: (job, _slot, onStep, signal) => runJob(job, { threads, on: null }, onStep, signal),
    dispose: () => {},
  };
}
