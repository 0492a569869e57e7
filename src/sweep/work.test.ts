/** @file Workers on one folder: no run is computed twice, none is left out, and a dead worker's run is taken over. */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { toJson } from '../files.js';
import { thisProcess } from '../runs/owner.js';
import { writeRecord } from '../runs/record.js';
import { record, storedSummary } from '../runs/run.testing.js';
import { decided } from './decided.testing.js';
import type { Executor, JobEnd } from './executor.js';
import { parseSweep } from './grid.js';
import { freeze, type PlannedRun, plannedRuns } from './plan.js';
import { work } from './work.js';

const root = mkdtempSync(join(tmpdir(), 'wnlstm-work-'));
after(() => rmSync(root, { recursive: true }));

const runs = plannedRuns(
  freeze(
    decided(
      parseSweep(
        { name: 'x', base: { backend: 'wasm', device: 'cpu' }, grid: { lr: [1, 2, 3] }, seeds: 2 },
        'x.json',
      ),
    ),
    {},
    '',
  ),
);
const never = new AbortController().signal;

function fresh(): string {
  return mkdtempSync(join(root, 'sweep-'));
}

/** Writes the files of a run that has ended. */
function finish(directory: string, { id }: PlannedRun): JobEnd {
  const folder = join(directory, id);
  mkdirSync(folder, { recursive: true });
  const summary = { ...storedSummary(id), dir: folder };
  writeFileSync(join(folder, 'summary.json'), toJson(summary));
  writeRecord(folder, record(id));
  return { kind: 'completed', summary };
}

/** An executor that ends each run at once, or as `endOf` says, and counts the jobs of each run. */
function instantExecutor(jobs: string[], endOf: (run: PlannedRun, directory: string) => JobEnd): Executor {
  return {
    slots: 1,
    execute: async ({ run, directory }) => {
      jobs.push(run.id);
      await setTimeout(5);
      return endOf(run, directory);
    },
    dispose: () => {},
  };
}

const options = { idleExit: false, signal: never, pollMs: 10 };

test('workers on one folder compute each run once', async () => {
  const directory = fresh();
  const jobs: string[] = [];
  const executor = instantExecutor(jobs, (run, folder) => finish(folder, run));
  // In one process there are no locks between workers; the second one starts when the first one has ended.
  const first = await work(runs.slice(0, 4), directory, executor, options, () => {});
  const second = await work(runs, directory, executor, options, () => {});
  assert.deepEqual([first.size, second.size], [4, 2]);
  assert.deepEqual([...jobs].sort(), runs.map(({ id }) => id).sort());
});

test('a run that another process owns is left to it, and a worker with idleExit does not wait', async () => {
  const directory = fresh();
  const [owned] = runs as [PlannedRun];
  mkdirSync(join(directory, owned.id));
  writeFileSync(join(directory, owned.id, 'lock'), `${JSON.stringify(thisProcess())}\n`);
  const jobs: string[] = [];
  const executor = instantExecutor(jobs, (run, folder) => finish(folder, run));
  const ends = await work(runs, directory, executor, { ...options, idleExit: true }, () => {});
  assert.equal(ends.has(owned), false);
  assert.equal(jobs.length, runs.length - 1);
});

test('a worker waits for the runs of others, and takes one over when its owner is gone', async () => {
  const directory = fresh();
  const [owned] = runs as [PlannedRun];
  const lock = join(directory, owned.id, 'lock');
  mkdirSync(join(directory, owned.id));
  writeFileSync(lock, `${JSON.stringify(thisProcess())}\n`);
  const executor = instantExecutor([], (run, folder) => finish(folder, run));
  const ends = work(runs, directory, executor, options, () => {});
  await setTimeout(200);
  rmSync(lock);
  assert.equal((await ends).get(owned)?.kind, 'completed');
});

test('a run that fails is not tried again by the same worker', async () => {
  const jobs: string[] = [];
  const executor = instantExecutor(jobs, () => ({ kind: 'failed', reason: 'no' }));
  const ends = await work(runs, fresh(), executor, options, () => {});
  assert.deepEqual(new Set([...ends.values()].map(({ kind }) => kind)), new Set(['failed']));
  assert.equal(jobs.length, runs.length);
});

test('a run that made no step in its last two starts fails without another start', async () => {
  const directory = fresh();
  const [stuck, ...others] = runs as [PlannedRun, ...PlannedRun[]];
  mkdirSync(join(directory, stuck.id));
  writeRecord(join(directory, stuck.id), record(stuck.id, { status: 'running', starts: 2, start_step: 0 }));
  const jobs: string[] = [];
  const executor = instantExecutor(jobs, (run, folder) => finish(folder, run));
  const ends = await work(runs, directory, executor, options, () => {});
  const end = ends.get(stuck);
  assert.match(end?.kind === 'failed' ? end.reason : '', /its last 2 starts made no step/);
  assert.deepEqual(
    jobs,
    others.map(({ id }) => id),
  );
});

test('an aborted worker starts no further run', async () => {
  const stop = new AbortController();
  const jobs: string[] = [];
  const executor = instantExecutor(jobs, (run, folder) => {
    stop.abort();
    return finish(folder, run);
  });
  await work(runs, fresh(), executor, { ...options, signal: stop.signal }, () => {});
  assert.equal(jobs.length, 1);
});
