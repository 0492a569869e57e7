/** @file Laws of the scheduler and the board, tested with an executor that computes nothing. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import type { Summary } from '../runs/record.js';
import { storedSummary } from '../runs/run.testing.js';
import { createBoard } from './board.js';
import { decided } from './decided.testing.js';
import type { Executor, JobEnd } from './executor.js';
import { parseSweep } from './grid.js';
import { freeze, type PlannedRun, plannedRuns } from './plan.js';
import { runSweep, type SweepEvent } from './scheduler.js';

const plan = freeze(
  decided(
    parseSweep(
      { name: 'x', base: { backend: 'wasm', device: 'cpu' }, grid: { lr: [1, 2, 3] }, seeds: 3 },
      'x.json',
    ),
  ),
  {},
  '',
);
const runs = plannedRuns(plan);
const never = new AbortController().signal;

/** Ends each job as `endOf` says after a few turns of the event loop, and counts the jobs that run at the same time. */
function fakeExecutor(slots: number, endOf: (run: PlannedRun) => JobEnd): Executor & { most: () => number } {
  const busy = new Set<number>();
  let most = 0;
  return {
    slots,
    most: () => most,
    execute: async ({ run }, slot, onStep, signal) => {
      assert.ok(!busy.has(slot), 'a slot has one job at a time');
      busy.add(slot);
      most = Math.max(most, busy.size);
      for (let step = 1; step <= 4 && !signal.aborted; step++) {
        onStep(step);
        await yieldToEventLoop();
      }
      busy.delete(slot);
      return signal.aborted ? { kind: 'interrupted' } : endOf(run);
    },
    dispose: () => {},
  };
}

function ended(status: Summary['status'], steps: number): JobEnd {
  return { kind: status, summary: { ...storedSummary('r'), dir: '', status, steps } };
}

function completes(): JobEnd {
  return ended('completed', 4);
}

function failsAt(seed: number) {
  return (run: PlannedRun): JobEnd => (run.seed === seed ? { kind: 'failed', reason: 'why' } : completes());
}

test('every run is computed once, in order, and the number of runs at the same time is the number of slots', async () => {
  for (const slots of [1, 2, 20]) {
    const executor = fakeExecutor(slots, completes);
    const started: PlannedRun[] = [];
    const ends = await runSweep(runs, '', executor, { failFast: false, signal: never }, (event) => {
      if (event.kind === 'start') started.push(event.run);
    });
    assert.deepEqual(started, runs);
    assert.equal(ends.size, runs.length);
    assert.equal(executor.most(), Math.min(slots, runs.length));
  }
});

test('a failure stops the other runs only with failFast', async () => {
  const executor = fakeExecutor(2, failsAt(0));
  const all = await runSweep(runs, '', executor, { failFast: false, signal: never }, () => {});
  assert.equal([...all.values()].filter(({ kind }) => kind === 'failed').length, 3);
  assert.equal([...all.values()].filter(({ kind }) => kind === 'completed').length, 6);
  const some = await runSweep(runs, '', executor, { failFast: true, signal: never }, () => {});
  assert.ok(some.size <= 3, 'no run starts after the failure');
  assert.ok([...some.values()].some(({ kind }) => kind === 'failed'));
});

test('if an executor throws, no run starts after the sweep has ended', async () => {
  let started = 0;
  const broken: Executor = {
    ...fakeExecutor(2, completes),
    execute: async ({ run }) => {
      started++;
      await yieldToEventLoop();
      if (run === runs[2]) throw new Error('broken');
      return completes();
    },
  };
  await assert.rejects(
    runSweep(runs, '', broken, { failFast: false, signal: never }, () => {}),
    /broken/,
  );
  const atEnd = started;
  for (let wait = 0; wait < 20; wait++) await yieldToEventLoop();
  assert.equal(started, atEnd);
  assert.ok(atEnd < runs.length);
});

test('no job starts after the folder of the sweep is lost', async () => {
  const started: PlannedRun[] = [];
  const assertHeld = (): void => {
    if (started.length === 2) throw new Error('lost');
  };
  const options = { failFast: false, signal: never, assertHeld };
  await assert.rejects(
    runSweep(runs, '', fakeExecutor(1, completes), options, (event) => {
      if (event.kind === 'start') started.push(event.run);
    }),
    /lost/,
  );
  assert.equal(started.length, 2);
});

test('a signal stops the running jobs and starts no other', async () => {
  const stop = new AbortController();
  const ends = await runSweep(
    runs,
    '',
    fakeExecutor(2, completes),
    { failFast: false, signal: stop.signal },
    (event) => {
      if (event.kind === 'end') stop.abort();
    },
  );
  assert.ok(ends.size <= 3);
  assert.ok([...ends.values()].some(({ kind }) => kind === 'interrupted'));
});

test('the board counts the steps of all runs, and of resumed runs only the steps that this process computed', () => {
  const board = createBoard(plan, runs, () => 10, new Map([[runs[0]!, { ...storedSummary('r'), dir: '' }]]));
  const report = (...events: SweepEvent[]): void => events.forEach(board.onEvent);
  assert.deepEqual(board.steps(), { total: 90, completed: 10, computed: 0 });
  const run = runs[1]!;
  const progress = (step: number): SweepEvent => ({ kind: 'step', run, step });
  report({ kind: 'start', run }, progress(4));
  assert.deepEqual(board.steps(), { total: 90, completed: 14, computed: 0 });
  report(progress(7));
  assert.deepEqual(board.steps(), { total: 90, completed: 17, computed: 3 });
  assert.deepEqual(board.state(run.arm, run.seed), { kind: 'running', fraction: 0.7 });
  report({ kind: 'end', run, end: ended('diverged', 7) });
  assert.deepEqual(board.steps(), { total: 87, completed: 17, computed: 3 });
  assert.equal(board.count('completed', 'diverged'), 2);
  assert.equal(board.count('waiting'), 7);
});
