/** @file Laws of the scheduler and the board, with an executor that computes nothing. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
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

/** Ends each job as `endOf` says, a few turns later, and remembers how many were at work together. */
function fakeExecutor(slots: number, endOf: (run: PlannedRun) => JobEnd): Executor & { most: () => number } {
  const busy = new Set<number>();
  let most = 0;
  return {
    slots,
    most: () => most,
    execute: async ({ run }, slot, onProgress, signal) => {
      assert.ok(!busy.has(slot), 'a slot is taken once at a time');
      busy.add(slot);
      most = Math.max(most, busy.size);
      for (let step = 1; step <= 4 && !signal.aborted; step++) {
        onProgress({ step, totalSteps: 4 });
        await turn();
      }
      busy.delete(slot);
      return signal.aborted ? { kind: 'interrupted' } : endOf(run);
    },
    dispose: () => {},
  };
}

function completes(): JobEnd {
  return { kind: 'completed' };
}

function failsAt(seed: number) {
  return (run: PlannedRun): JobEnd =>
    run.seed === seed ? { kind: 'failed', reason: 'why' } : { kind: 'completed' };
}

test('every run is done once, in order, as many at a time as there are slots', async () => {
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

test('a failure stops nothing, unless it is asked to', async () => {
  const executor = fakeExecutor(2, failsAt(0));
  const patient = await runSweep(runs, '', executor, { failFast: false, signal: never }, () => {});
  assert.equal([...patient.values()].filter(({ kind }) => kind === 'failed').length, 3);
  assert.equal([...patient.values()].filter(({ kind }) => kind === 'completed').length, 6);
  const hasty = await runSweep(runs, '', executor, { failFast: true, signal: never }, () => {});
  assert.ok(hasty.size <= 3, 'no more than those that were at work');
  assert.ok([...hasty.values()].some(({ kind }) => kind === 'failed'));
});

test('when an executor breaks, nothing goes on after the sweep', async () => {
  let started = 0;
  const broken: Executor = {
    ...fakeExecutor(2, completes),
    execute: async ({ run }) => {
      started++;
      await turn();
      if (run === runs[2]) throw new Error('broken');
      return { kind: 'completed' };
    },
  };
  await assert.rejects(
    runSweep(runs, '', broken, { failFast: false, signal: never }, () => {}),
    /broken/,
  );
  const atEnd = started;
  for (let wait = 0; wait < 20; wait++) await turn();
  assert.equal(started, atEnd);
  assert.ok(atEnd < runs.length);
});

test('a signal ends the runs at work and starts no other', async () => {
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

test('the board counts steps of all runs, and of those that go on only what was seen', () => {
  const board = createBoard(
    plan,
    runs,
    () => 10,
    (run) => (run === runs[0] ? { kind: 'completed', valAccuracy: 0.5 } : null),
  );
  const happen = (...events: SweepEvent[]): void => events.forEach(board.onEvent);
  assert.deepEqual(board.steps(), { total: 90, done: 10, seen: 0 });
  const progress = (step: number): SweepEvent => ({
    kind: 'progress',
    run: runs[1],
    progress: { step, totalSteps: 10 },
  });
  happen({ kind: 'start', run: runs[1] }, progress(4));
  assert.deepEqual(board.steps(), { total: 90, done: 14, seen: 0 });
  happen(progress(7));
  assert.deepEqual(board.steps(), { total: 90, done: 17, seen: 3 });
  assert.deepEqual(board.state(runs[1]!.arm, runs[1]!.seed), { kind: 'running', share: 0.7 });
  happen({ kind: 'end', run: runs[1], end: { kind: 'diverged' } });
  assert.deepEqual(board.steps(), { total: 87, done: 17, seen: 3 });
  assert.equal(board.count('completed', 'diverged'), 2);
  assert.equal(board.count('waiting'), 7);
});
