/** @file Watches a sweep that Slurm computes, from its run folders and the queue, until every run has ended. */

import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { UserError } from '../errors.js';
import { runPaths } from '../runs/paths.js';
import { readRecord, readResult } from '../runs/reading.js';
import type { RunRecord } from '../runs/record.js';
import type { JobEnd } from '../sweep/executor.js';
import type { PlannedRun } from '../sweep/plan.js';
import type { SweepEvent } from '../sweep/scheduler.js';
import type { QueuedTask } from './queue.js';
import { failureOf, type Standing, standingOf } from './standing.js';

const POLL_MS = 3000;
/** A network file system may show a result some seconds after its task has left the queue. */
const POLLS_WITHOUT_TASK = 4;

/** What to watch. */
export interface Watched {
  readonly directory: string;
  /** The runs without a result. */
  readonly runs: readonly PlannedRun[];
  /** The tasks that each run was submitted in. */
  readonly tasks: ReadonlyMap<string, readonly string[]>;
  readonly readQueue: () => Promise<ReadonlyMap<string, QueuedTask>>;
  /** When aborted, watching ends; the jobs continue. */
  readonly signal: AbortSignal;
  readonly pollMs?: number;
}

/** Receives what happens to runs, and sentences about the queue. */
export interface Watcher {
  readonly onEvent: (event: SweepEvent) => void;
  readonly onNote: (note: string) => void;
}

/** A run that has not ended. */
interface Open {
  readonly run: PlannedRun;
  step: number | null;
  /** Whether its task was seen running. */
  started: boolean;
  pollsWithoutTask: number;
}

/**
 * Watches runs until all have ended, or the signal is aborted.
 *
 * @returns how each run ended; a run whose task left the queue without a result is interrupted or failed
 */
export async function watch(
  watched: Watched,
  { onEvent, onNote }: Watcher,
): Promise<Map<PlannedRun, JobEnd>> {
  const { directory, signal, pollMs = POLL_MS } = watched;
  const ends = new Map<PlannedRun, JobEnd>();
  let open = watched.runs.map((run): Open => ({ run, step: null, started: false, pollsWithoutTask: 0 }));
  const noteOnce = once(onNote);
  while (open.length > 0 && !signal.aborted) {
    const queue = await queueOrNull(watched.readQueue, noteOnce);
    if (queue) {
      for (const task of queue.values()) noteStuck(task, noteOnce);
      readdirSync(directory); // a network file system may know only now that a folder exists
      for (const each of open) {
        const standing = standingOf(directory, each.run, watched.tasks, queue);
        const end = look(each, directory, standing, onEvent);
        if (end) ends.set(each.run, end);
      }
      open = open.filter(({ run }) => !ends.has(run));
    }
    if (open.length > 0) await setTimeout(pollMs, undefined, { signal }).catch(() => {});
  }
  return ends;
}

/** Updates one run, and returns how it ended, or null if it has not. */
function look(
  each: Open,
  directory: string,
  standing: Standing,
  onEvent: (event: SweepEvent) => void,
): JobEnd | null {
  const { run } = each;
  const waits = standing.kind === 'queued' && standing.task.state === 'PENDING';
  if (waits && !each.started) return null;
  const folder = join(directory, run.id);
  const summary = readResult(folder, run.id);
  if (summary) return finish({ kind: summary.status, summary });
  const isActive = standing.kind === 'queued' || standing.kind === 'owned';
  each.pollsWithoutTask = isActive ? 0 : each.pollsWithoutTask + 1;
  if (each.pollsWithoutTask >= POLLS_WITHOUT_TASK) return finish(endOfLost(each, directory, standing));
  if (!isActive || waits) return null;
  each.started = true;
  const step = lastStep(runPaths(folder).steps);
  if (step !== null && step !== each.step) {
    if (each.step === null) onEvent({ kind: 'start', run });
    each.step = step;
    onEvent({ kind: 'step', run, step });
  }
  return null;

  function finish(end: JobEnd): JobEnd {
    onEvent({ kind: 'end', run, end });
    return end;
  }
}

/** How a run ended whose task is not in the queue any more, and that has no result. */
function endOfLost({ run, started }: Open, directory: string, standing: Standing): JobEnd {
  const record = recordOrNull(join(directory, run.id));
  if (record?.status === 'failed')
    return { kind: 'failed', reason: record.error ?? 'its log has the reason' };
  const reason = standing.kind === 'lost' ? failureOf(directory, standing.task, run, started) : null;
  return reason === null ? { kind: 'interrupted' } : { kind: 'failed', reason };
}

function recordOrNull(folder: string): RunRecord | null {
  try {
    return readRecord(folder);
  } catch (error) {
    if (error instanceof UserError) return null; // training the run again reports the damage
    throw error;
  }
}

/** The queue; null while the cluster does not answer, which says nothing about the jobs. */
async function queueOrNull(
  readQueue: Watched['readQueue'],
  onNote: Watcher['onNote'],
): Promise<ReadonlyMap<string, QueuedTask> | null> {
  try {
    return await readQueue();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    onNote(`${error.message} The jobs are not affected; trying again.`);
    return null;
  }
}

/** The reasons for waiting that end by themselves. */
const USUAL =
  /^(None|Priority|Resources|Dependency|BeginTime|JobArrayTaskLimit|Cleaning|Prolog|Licenses|.*Limit.*)$/;

/** Notes a task that waits for something that may never happen. */
function noteStuck({ id, state, reason }: QueuedTask, onNote: Watcher['onNote']): void {
  if (state !== 'PENDING' || USUAL.test(reason)) return;
  onNote(`Tasks of job ${id.replace(/_.*/, '')} wait: ${reason}.`);
}

function once(onNote: Watcher['onNote']): Watcher['onNote'] {
  const noted = new Set<string>();
  return (note) => {
    if (!noted.has(note)) onNote(note);
    noted.add(note);
  };
}

/** More than two rows of steps.csv. */
const TAIL_BYTES = 1024;

/** The step of the last complete row of a steps.csv; null if there is none. */
export function lastStep(path: string): number | null {
  let handle: number;
  try {
    handle = openSync(path, 'r');
  } catch {
    return null; // the run has not started
  }
  try {
    const { size } = fstatSync(handle);
    const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(handle, buffer, 0, buffer.length, size - buffer.length);
    const text = buffer.toString('latin1');
    const row = text.slice(0, text.lastIndexOf('\n')).split('\n').at(-1) ?? '';
    const [, step] = /^(\d+),/.exec(row) ?? [];
    return step === undefined ? null : Number(step);
  } finally {
    closeSync(handle);
  }
}
