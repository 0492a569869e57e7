/** @file One run from config to summary: opens its folder, trains or goes on, writes what happens. */

import { existsSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../config.js';
import { usableCores } from '../cores.js';
import { unvalidatedClasses } from '../data/chance.js';
import { type Dataset, readDataset } from '../data/mnist.js';
import type { Engine } from '../engines/engine.js';
import { type Choice, chooseBackend, createEngine } from '../engines/select.js';
import { asUserError, UserError } from '../errors.js';
import { makeDirectory, replaceFile, toJson } from '../files.js';
import { initialParameters, type ModelSpec } from '../model/spec.js';
import { packageVersion, sourceCommit } from '../package.js';
import { acquireLock, type Lock } from '../runs/lock.js';
import { epochColumns, readCsv } from '../runs/metrics.js';
import { readConfig, readRecord, readSummary } from '../runs/reading.js';
import { FORMAT, fingerprint, type RunRecord, runId, type Summary, writeRecord } from '../runs/record.js';
import { chooseForRun } from './choose.js';
import type { TrainingEvent } from './events.js';
import { openRecorder } from './recorder.js';
import { resumePoint } from './resume.js';
import { summarise } from './summary.js';
import { START, scheduleOf, train } from './trainer.js';

/** What to train and where to put it. */
export interface SessionInput {
  readonly config: Config;
  readonly runsDirectory: string;
  /** The folder of a run that is to be resumed; null: the one that the config names. */
  readonly directory: string | null;
  /** Start over, whatever is there. */
  readonly force: boolean;
  readonly argv: readonly string[];
  readonly signal: AbortSignal;
}

/** What is known before the first step. */
export interface Opening {
  readonly directory: string;
  readonly config: Config;
  readonly choice: Choice;
  readonly device: string;
  readonly dataset: Dataset;
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
  /** The step it goes on from; 0 for a new run, or one that was stopped before its first checkpoint. */
  readonly resumedFrom: number;
  /** Whether it was begun before. */
  readonly begunBefore: boolean;
  /** What the user has to know, a sentence each. */
  readonly notes: readonly string[];
}

/** How a session ended. */
export type Outcome =
  | { readonly kind: 'completed' | 'diverged'; readonly summary: Summary; readonly trained: boolean }
  | { readonly kind: 'interrupted'; readonly directory: string; readonly step: number }
  | { readonly kind: 'failed'; readonly directory: string; readonly error: unknown };

/** Sees a session as it happens. */
export interface Listener {
  readonly onOpen: (opening: Opening) => void;
  readonly onEvent: (event: TrainingEvent) => void;
}

interface Prepared {
  readonly dataset: Dataset;
  readonly choice: Choice;
  readonly print: string;
  readonly directory: string;
  readonly engine: Engine;
  readonly lock: Lock;
  readonly note: string | null;
}

/**
 * Trains a run to its end; the same input again shows a finished run, and goes on with an unfinished one.
 *
 * @throws {UserError} if nothing was started: bad data, no backend, a folder that another process owns, …
 */
export async function runSession(input: SessionInput, listener: Listener): Promise<Outcome> {
  const dataset = readDataset(input.config.data);
  checkBatch(input.config, dataset);
  const { choice, note } = input.directory
    ? { choice: await chooseBackend(input.config), note: null }
    : await chooseForRun(input.config, dataset.checksums, input.runsDirectory);
  const config: Config = { ...input.config, backend: choice.backend, device: choice.device };
  const print = fingerprint(config, choice.arithmetic, dataset.checksums);
  const directory = input.directory ?? join(input.runsDirectory, runId(config, print));

  const finished = input.force ? null : findResult(directory, print, choice);
  if (finished) {
    mendConfig(directory, config);
    return finished;
  }
  makeDirectory(directory);
  const lock = acquireLock(directory);
  try {
    const meanwhile = input.force ? null : findResult(directory, print, choice); // the owner before may just have ended
    if (meanwhile) return meanwhile;
    const engine = await openEngine(config, dataset, choice);
    try {
      if (input.force) removeRun(directory, lock);
      return await trainInFolder({ ...input, config }, listener, {
        dataset,
        choice,
        print,
        directory,
        engine,
        lock,
        note,
      });
    } finally {
      engine.dispose();
    }
  } finally {
    lock.release();
  }
}

function checkBatch({ batch }: Config, dataset: Dataset): void {
  if (batch <= dataset.train.count) return;
  throw new UserError(
    'E_CONFIG',
    `batch: expected at most the ${dataset.train.count} training examples, got ${batch}.`,
    {
      hint: 'Choose a smaller --batch.',
    },
  );
}

/**
 * The result of a run that has one.
 *
 * @throws {UserError} E_RUN if another config, other data or with other arithmetic was trained in that folder
 */
function findResult(directory: string, print: string, choice: Choice): Outcome | null {
  const record = readRecord(directory);
  checkFingerprint(directory, record, print, choice);
  if (record?.status !== 'completed' && record?.status !== 'diverged') return null;
  const summary = summaryOf(directory);
  return summary && { kind: record.status, summary, trained: false };
}

function checkFingerprint(
  directory: string,
  record: RunRecord | null,
  print: string,
  { backend, arithmetic }: Choice,
): void {
  if (record === null || record.fingerprint === print) return;
  if (record.arithmetic !== arithmetic) {
    throw new UserError(
      'E_RUN',
      `${directory} was computed with the arithmetic ${record.arithmetic}; the ${backend} backend computes with ${arithmetic}, and its results would not continue those.`,
      { hint: `Train it again from the start: \`wnlstm train --config ${join(directory, 'config.json')}\`.` },
    );
  }
  throw new UserError(
    'E_RUN',
    `${directory}: expected the fingerprint ${print.slice(0, 16)}…, found ${record.fingerprint.slice(0, 16)}….`,
    {
      hint: 'Another config or other data was trained there; use another folder with `--runs DIR`.',
    },
  );
}

/** The summary of a run; null if it is missing or damaged, as it is then written anew from the last checkpoint. */
function summaryOf(directory: string): Summary | null {
  try {
    return readSummary(directory);
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

/** Checkpoints first: what is left after a crash in the middle must not look like a run to go on with. */
function removeRun(directory: string, lock: Lock): void {
  for (const name of ['checkpoints', 'summary.json', 'metrics.csv', 'steps.csv', 'config.json', 'run.json']) {
    lock.assertHeld();
    rmSync(join(directory, name), { recursive: true, force: true });
  }
}

async function trainInFolder(
  { config, argv, signal }: SessionInput,
  listener: Listener,
  { dataset, choice, print, directory, engine, lock, note }: Prepared,
): Promise<Outcome> {
  const before = readRecord(directory);
  const schedule = scheduleOf(config, dataset.train.count);
  const { checkpoint, notes } = resumePoint(directory, before, config, schedule);
  if (checkpoint) engine.load(checkpoint.state);
  const from = checkpoint?.progress ?? START;
  const now = new Date().toISOString();
  const record: RunRecord = {
    format: FORMAT,
    run_id: runId(config, print),
    status: 'running',
    fingerprint: print,
    started_at: before?.started_at ?? now,
    updated_at: now,
    argv: before?.argv ?? argv, // those of `resume` would not say how to make config.json anew
    versions: { wnlstm: packageVersion(), node: process.versions.node, ...engine.versions },
    ...sourceCommit(),
    host: hostname(),
    backend: choice.backend,
    device: engine.device,
    arithmetic: choice.arithmetic,
    kernel: choice.build,
    threads: threadsOf(config),
    total_steps: schedule.totalSteps,
    data: { directory: config.data, classes: dataset.classes, checksums: dataset.checksums },
    error: null,
  };
  try {
    const recorder = openRecorder(directory, config, record, from.step, lock);
    listener.onOpen({
      directory,
      config,
      choice,
      device: engine.device,
      dataset,
      resumedFrom: from.step,
      begunBefore: before !== null,
      notes: [...(note === null ? [] : [note]), ...notes, ...describeUnvalidated(dataset)],
      ...schedule,
    });
    for await (const event of train(engine, dataset, config, from, signal)) {
      await recorder.write(event);
      listener.onEvent(event);
      if (event.kind !== 'end') continue;
      const { outcome, progress } = event;
      if (outcome === 'interrupted') {
        recorder.finish(outcome);
        return { kind: outcome, directory, step: progress.step };
      }
      const lastRow = readCsv(join(directory, 'metrics.csv'), epochColumns).at(-1);
      const summary = summarise({ engine, dataset, config, directory, record, progress, outcome, lastRow });
      recorder.finish(outcome, summary);
      return { kind: outcome, summary, trained: true };
    }
    throw new Error('training ended without an end');
  } catch (error) {
    try {
      lock.assertHeld();
      const failed = { status: 'failed', error: asUserError(error)?.message ?? String(error) } as const;
      // A run whose config could not be written was not begun: a record alone would look like a damaged run.
      if (existsSync(join(directory, 'config.json')))
        writeRecord(directory, { ...record, ...failed, updated_at: new Date().toISOString() });
    } catch {
      // The same full disk or lost lock, most likely: the error that came first is the one to show.
    }
    return { kind: 'failed', directory, error };
  }
}

/** The threads a run may use. */
function threadsOf(config: Config): number {
  return config.threads ?? usableCores();
}

/** Data sorted by class leave classes out of the first examples, which are those for validation. */
function describeUnvalidated(dataset: Dataset): string[] {
  const classes = unvalidatedClasses(dataset);
  return classes.length === 0
    ? []
    : [
        `The validation set has no example of ${classes.length === 1 ? 'class' : 'classes'} ${classes.join(', ')}. It is the first ${dataset.validation.count} training examples: are they sorted by class? Shuffle the files, or validation says little.`,
      ];
}

/** An engine for a run, with its initial parameters. */
export function openEngine(config: Config, dataset: Dataset, choice: Choice): Promise<Engine> {
  const spec = specOf(config, dataset);
  const parameters = initialParameters(spec, config.seed, config.columnNorm);
  const input = { spec, dataset, parameters, threads: threadsOf(config) };
  return createEngine(choice.backend, input, choice.device);
}

function specOf(config: Config, dataset: Dataset): ModelSpec {
  return {
    ...config,
    timeSteps: dataset.size,
    inputs: dataset.size,
    classes: dataset.classes,
  };
}

/** Writes the config of a finished run anew where it is lost; that of another is written when it goes on. */
export function mendConfig(directory: string, config: Config): void {
  if (!existsSync(join(directory, 'run.json'))) return;
  try {
    readConfig(directory);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    replaceFile(join(directory, 'config.json'), toJson(config));
  }
}
