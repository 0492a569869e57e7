/** @file Trains one run from its config to its summary, or resumes it, and records it in its folder. */

import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Config, ResolvedConfig } from '../config.js';
import { unvalidatedClasses } from '../data/chance.js';
import { type Dataset, readDataset } from '../data/mnist.js';
import type { Engine } from '../engines/engine.js';
import { type Choice, withChoice } from '../engines/select.js';
import { asUserError, UserError } from '../errors.js';
import { makeDirectory } from '../files.js';
import { packageVersion, sourceCommit } from '../package.js';
import { acquireLock, type Lock } from '../runs/lock.js';
import { runPaths } from '../runs/paths.js';
import { readRecord } from '../runs/reading.js';
import { FORMAT, fingerprintOf, type RunRecord, runId, type Summary, writeRecord } from '../runs/record.js';
import { plural } from '../text/plural.js';
import { chooseForRun } from './choose.js';
import { openEngine, threadsOf } from './engine.js';
import type { OnEvent } from './events.js';
import { chooseFaster } from './faster.js';
import { findResult, removeRun, restoreConfig } from './folder.js';
import { openRecorder } from './recorder.js';
import { resumePoint } from './resume.js';
import { summarise } from './summary.js';
import { START, scheduleOf, train } from './trainer.js';

/** What to train, and where to record it. */
export interface RunInput {
  readonly config: Config;
  /** The folder and backend, if they are already decided; null if they follow from the config. */
  readonly target: {
    readonly directory: string;
    readonly choice: Choice;
    /** The id that the run must have, if it was planned. */
    readonly id?: string;
  } | null;
  /** A run without a target gets its own folder in this one. */
  readonly runsDirectory: string;
  /** Whether to remove an earlier run of the same config first. */
  readonly force: boolean;
  /** Whether to wait for another process that owns the run, instead of an error. */
  readonly wait?: boolean;
  readonly argv: readonly string[];
  /** The number of runs that share the GPU at the same time; 1 if it is left out. */
  readonly lanes?: number;
  /** Reads the data. A process that trains several runs passes a function that reads each data set once. */
  readonly read?: (directory: string | null) => Dataset;
  /** When aborted, training stops after the current step, with a checkpoint. */
  readonly signal: AbortSignal;
}

/** How a run ended. */
export type Outcome =
  /** `trained` is false if the run had a result already. */
  | { readonly kind: 'completed' | 'diverged'; readonly summary: Summary; readonly trained: boolean }
  | { readonly kind: 'interrupted'; readonly directory: string; readonly step: number }
  | { readonly kind: 'failed'; readonly directory: string; readonly error: unknown };

/**
 * Trains a run to its end. With the same input again, a finished run is returned, and an unfinished one resumes.
 *
 * @throws {UserError} if training did not start: bad data, no backend, a folder that another process owns, …
 */
export async function trainRun(input: RunInput, onEvent: OnEvent): Promise<Outcome> {
  const dataset = (input.read ?? readDataset)(input.config.data);
  checkBatch(input.config, dataset);
  const { choice, note } = input.target
    ? { choice: input.target.choice, note: null }
    : await chooseForRun(input.config, dataset.checksums, input.runsDirectory);
  const planned = withChoice(input.config, choice);
  const fingerprint = fingerprintOf(planned, choice.arithmetic, dataset.checksums);
  const id = runId(planned, fingerprint);
  const directory = input.target?.directory ?? join(input.runsDirectory, id);
  if (input.target?.id !== undefined) checkPlanned(directory, input.target.id, id, choice);

  const earlier = input.force ? null : findResult(directory, id, fingerprint, choice);
  if (earlier) {
    restoreConfig(directory, planned);
    return { kind: earlier.status, summary: earlier, trained: false };
  }
  makeDirectory(directory);
  const lock = await acquireLock(directory, {
    wait: input.wait ?? false,
    onWait: (reason) => onEvent({ kind: 'wait', reason }),
    signal: input.signal,
  });
  try {
    // Another process may have finished the run before this one got the lock.
    const finished = input.force ? null : findResult(directory, id, fingerprint, choice);
    if (finished) return { kind: finished.status, summary: finished, trained: false };
    const fastest = input.target ? choice : await chooseFaster(input.config, dataset, choice);
    const config = withChoice(input.config, fastest);
    const engine = await openEngine(config, dataset, fastest, input.lanes);
    try {
      if (input.force) removeRun(directory, lock);
      const job = { config, dataset, choice: fastest, fingerprint, id, directory, engine, lock, note };
      return await trainInFolder(job, input, onEvent);
    } finally {
      engine.dispose();
    }
  } finally {
    lock.release();
  }
}

function checkBatch({ batch }: Config, { train }: Dataset): void {
  if (batch <= train.count) return;
  throw new UserError(
    'E_CONFIG',
    `batch: expected at most ${train.count}, the number of training examples, got ${batch}.`,
    { hint: 'Choose a smaller --batch.' },
  );
}

/** Checks that a run has the identity that was planned: its config is the same, so data and arithmetic must be. */
function checkPlanned(directory: string, planned: string, id: string, { backend, arithmetic }: Choice): void {
  if (id === planned) return;
  throw new UserError(
    'E_RUN',
    `${directory}: expected the run ${planned}, but with this data and the arithmetic ${arithmetic} of the ${backend} backend it is ${id}.`,
    { hint: 'The sweep was planned with other data or other arithmetic. Train it where both are the same.' },
  );
}

interface OwnedRun {
  readonly config: ResolvedConfig;
  readonly dataset: Dataset;
  readonly choice: Choice;
  readonly fingerprint: string;
  readonly id: string;
  readonly directory: string;
  readonly engine: Engine;
  readonly lock: Lock;
  readonly note: string | null;
}

/** Trains in a folder that this process owns. */
async function trainInFolder(run: OwnedRun, { argv, signal }: RunInput, onEvent: OnEvent): Promise<Outcome> {
  const { config, dataset, choice, directory, engine, lock } = run;
  const before = readRecord(directory);
  const schedule = scheduleOf(config, dataset.train.count);
  const { checkpoint, notes } = resumePoint(directory, run.id, before, config, schedule);
  if (checkpoint) engine.load(checkpoint.state);
  const start = checkpoint?.progress ?? START;
  const record = recordOf(run, schedule.totalSteps, start.step, argv, before);
  try {
    const recorder = openRecorder(directory, config, record, start.step, lock);
    let lastRow = recorder.lastEpoch;
    onEvent({
      kind: 'open',
      opening: {
        directory,
        config,
        choice,
        device: engine.device,
        dataset,
        resumedFrom: start.step,
        startedBefore: before !== null,
        notes: [...(run.note === null ? [] : [run.note]), ...notes, ...unvalidatedNotes(dataset)],
        ...schedule,
      },
    });
    for await (const event of train(engine, dataset, config, start, signal)) {
      await recorder.write(event);
      onEvent(event);
      if (event.kind === 'epoch') lastRow = event.row;
      if (event.kind !== 'end') continue;
      const { outcome, progress } = event;
      if (outcome === 'interrupted') {
        recorder.finish(outcome);
        return { kind: outcome, directory, step: progress.step };
      }
      const ended = { engine, dataset, config, directory, record, progress, outcome, lastRow };
      const summary = await summarise(ended);
      recorder.finish(outcome, summary);
      return { kind: outcome, summary, trained: true };
    }
    throw new Error('training ended without an end event');
  } catch (error) {
    recordFailure(directory, record, error, lock);
    return { kind: 'failed', directory, error };
  }
}

function recordOf(
  { config, dataset, choice, fingerprint, id, engine }: OwnedRun,
  totalSteps: number,
  startStep: number,
  argv: readonly string[],
  before: RunRecord | null,
): RunRecord {
  const now = new Date().toISOString();
  return {
    format: FORMAT,
    run_id: id,
    status: 'running',
    fingerprint,
    started_at: before?.started_at ?? now,
    updated_at: now,
    argv: before?.argv ?? argv, // those of `resume` do not contain the config
    versions: { wnlstm: packageVersion(), node: process.versions.node, ...engine.versions },
    ...sourceCommit(),
    host: hostname(),
    backend: choice.backend,
    device: engine.device,
    arithmetic: choice.arithmetic,
    kernel: choice.build,
    threads: threadsOf(config),
    total_steps: totalSteps,
    start_step: startStep,
    starts: before?.start_step === startStep ? (before.starts ?? 0) + 1 : 1,
    data: { directory: config.data, classes: dataset.classes, checksums: dataset.checksums },
    error: null,
  };
}

/** A note if classes are missing in the validation set. In data that is sorted by class, the first examples lack most classes. */
function unvalidatedNotes(dataset: Dataset): string[] {
  const classes = unvalidatedClasses(dataset);
  if (classes.length === 0) return [];
  const missing = `${classes.length === 1 ? 'class' : 'classes'} ${classes.join(', ')}`;
  return [
    `The validation set has no example of ${missing}. It consists of the first ${plural(dataset.validation.count, 'training example')}; they may be sorted by class. Shuffle the examples in the files, or the validation accuracy means little.`,
  ];
}

/** Sets the status of a run to failed, if this process still owns it. */
function recordFailure(directory: string, record: RunRecord, error: unknown, lock: Lock): void {
  try {
    lock.assertHeld();
    const message = asUserError(error)?.message ?? String(error);
    // Without config.json the run has not started, and a record alone would look like a damaged run.
    if (existsSync(runPaths(directory).config))
      writeRecord(directory, {
        ...record,
        status: 'failed',
        error: message,
        updated_at: new Date().toISOString(),
      });
  } catch {
    // Most likely the same full disk or lost lock; the first error is the one to report.
  }
}
