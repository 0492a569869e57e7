/** @file Watching a sweep, with a queue that the tests write. */

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { UserError } from '../errors.js';
import { toJson } from '../files.js';
import { stepColumns } from '../runs/metrics.js';
import { writeRecord } from '../runs/record.js';
import { defaults, fresh, record, storedSummary } from '../runs/run.testing.js';
import type { JobEnd } from '../sweep/executor.js';
import type { PlannedRun } from '../sweep/plan.js';
import { logOf, slurmFolder } from './jobs.js';
import { parseQueue, type QueuedTask } from './queue.js';
import { lastStep, watch } from './watch.js';

const run: PlannedRun = { arm: 'wn', seed: 0, id: 'wn-s0-abcdef01', config: { ...defaults } };

/** Watches one run of task 12_0. Each poll takes the next text of squeue; the last one is repeated. */
async function watchOne(directory: string, polls: readonly (string | UserError | (() => string))[]) {
  const events: string[] = [];
  const notes: string[] = [];
  let poll = 0;
  const readQueue = async (): Promise<ReadonlyMap<string, QueuedTask>> => {
    const next = polls[Math.min(poll++, polls.length - 1)]!;
    if (next instanceof UserError) throw next;
    return parseQueue(typeof next === 'string' ? next : next());
  };
  const ends = await watch(
    {
      directory,
      runs: [run],
      tasks: new Map([[run.id, ['11_4', '12_0']]]),
      readQueue,
      signal: AbortSignal.timeout(10_000),
      pollMs: 5,
    },
    {
      onEvent: (event) => events.push(event.kind === 'step' ? `step ${event.step}` : event.kind),
      onNote: (note) => notes.push(note),
    },
  );
  return { events, notes, end: ends.get(run) as JobEnd };
}

function folderOf(directory: string): string {
  const folder = join(directory, run.id);
  mkdirSync(folder, { recursive: true });
  return folder;
}

function writeSteps(directory: string, step: number, more = ''): void {
  const rows = `${stepColumns.join(',')}\n${step},1,0.5\n${more}`;
  writeFileSync(join(folderOf(directory), 'steps.csv'), rows);
}

function finish(directory: string): void {
  const folder = folderOf(directory);
  writeFileSync(join(folder, 'summary.json'), toJson(storedSummary(run.id)));
  writeRecord(folder, record(run.id));
}

function log(directory: string, text: string): void {
  mkdirSync(slurmFolder(directory), { recursive: true });
  writeFileSync(logOf(directory, '12_0'), text);
}

test('a run waits, trains, goes back to the queue, trains on, and ends with its result', async () => {
  const directory = fresh();
  const { events, end } = await watchOne(directory, [
    '12_0|PENDING|Priority',
    () => {
      writeSteps(directory, 10);
      return '12_0|RUNNING|None';
    },
    '12_0|PENDING|BeginTime',
    () => {
      writeSteps(directory, 30);
      return '12_0|RUNNING|None';
    },
    () => {
      finish(directory);
      return '';
    },
  ]);
  assert.deepEqual(events, ['start', 'step 10', 'step 30', 'end']);
  assert.equal(end.kind, 'completed');
});

test('a cluster that does not answer says nothing about its jobs', async () => {
  const directory = fresh();
  const silent = new UserError('E_SLURM', 'Could not read the queue: no answer.');
  const { end, notes } = await watchOne(directory, [
    '12_0|RUNNING|None',
    ...Array.from({ length: 10 }, () => silent),
    () => {
      finish(directory);
      return '';
    },
  ]);
  assert.equal(end.kind, 'completed');
  assert.deepEqual(notes, ['Could not read the queue: no answer. The jobs are not affected; trying again.']);
});

test('a run whose task was cancelled is interrupted', async () => {
  const directory = fresh();
  assert.deepEqual((await watchOne(directory, ['12_0|PENDING|None', ''])).end, { kind: 'interrupted' });
  log(
    directory,
    '12_0 starts on a\nslurmstepd-a: error: *** JOB 12 ON a CANCELLED AT 2026-01-01T00:00:00 ***\n',
  );
  assert.deepEqual((await watchOne(directory, ['12_0|RUNNING|None', ''])).end, { kind: 'interrupted' });
});

test('a run whose task ended without a result has failed, for the reason in run.json or in the log', async () => {
  const directory = fresh();
  const reason = async (): Promise<string> => {
    const { end } = await watchOne(directory, ['12_0|RUNNING|None', '']);
    return end.kind === 'failed' ? end.reason : end.kind;
  };
  assert.match(
    await reason(),
    /^task 12_0 left no log: its node does not see .*slurm, which must be on a file/,
  );
  log(directory, 'x 12_0 starts on a\nwnlstm: old.\nx 12_0 starts on a\nwnlstm: a has no /node.\nends\n');
  assert.equal(await reason(), 'a has no /node');
  log(directory, 'x starts on a\nslurmstepd-a: error: *** JOB 12 CANCELLED AT x DUE TO TIME LIMIT ***\n');
  assert.match(await reason(), /TIME LIMIT/);
  log(
    directory,
    'x starts on a\nfailed  wn seed 0: its last 2 starts made no step\nfailed  wn seed 1: other\n',
  );
  assert.equal(await reason(), 'its last 2 starts made no step');
  writeRecord(folderOf(directory), record(run.id, { status: 'failed', error: 'the disk is full' }));
  assert.equal(await reason(), 'the disk is full');
});

test('a task that waits for something that may never happen is noted once', async () => {
  const directory = fresh();
  const { notes } = await watchOne(directory, [
    '12_0|PENDING|PartitionDown',
    '12_0|PENDING|PartitionDown',
    '',
  ]);
  assert.deepEqual(notes, ['Tasks of job 12 wait: PartitionDown.']);
});

test('the last step is that of the last complete row', () => {
  const directory = fresh();
  const path = join(directory, run.id, 'steps.csv');
  assert.equal(lastStep(path), null);
  writeSteps(directory, 120, '130,1,0.');
  assert.equal(lastStep(path), 120);
  writeSteps(directory, 120, `${'9'.repeat(5000)}`);
  assert.equal(lastStep(path), null);
});
