/** @file What a watcher sees: the state of runs as `ls` lists it, new and removed runs, and rows as they are written. */

import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { UserError } from '../errors.js';
import { toJson } from '../files.js';
import { listRuns } from '../runs/find.js';
import { epochColumns, stepColumns } from '../runs/metrics.js';
import { thisProcess } from '../runs/owner.js';
import { writeRecord } from '../runs/record.js';
import { add, checksums, defaults, fresh, record } from '../runs/run.testing.js';
import { decided } from '../sweep/decided.testing.js';
import { parseSweep } from '../sweep/grid.js';
import { freeze, plannedRuns, writePlan } from '../sweep/plan.js';
import { listed } from './listing.js';
import { createWatcher, secondsLeft, watchedPlaces } from './watched.js';

function line(columns: readonly string[], row: Readonly<Record<string, number>>): string {
  return `${columns.map((name) => row[name] ?? 0).join(',')}\n`;
}

function writeRows(run: string, steps: readonly number[]): void {
  const rows = steps.map((step) => line(stepColumns, { step, loss: 1 / step, elapsed_seconds: step / 10 }));
  writeFileSync(join(run, 'steps.csv'), `${stepColumns.join(',')}\n${rows.join('')}`);
  const epochs = line(epochColumns, { epoch: 1, step: steps[0] ?? 0, val_accuracy: 0.75 });
  writeFileSync(join(run, 'metrics.csv'), `${epochColumns.join(',')}\n${epochs}`);
}

/** Makes this process the owner of a run. */
function own(run: string): void {
  writeFileSync(join(run, 'lock'), JSON.stringify(thisProcess()));
}

test('a watcher and `ls` agree on the state of every run', () => {
  const runs = fresh();
  add(runs, 'done');
  writeRows(add(runs, 'half', { status: 'interrupted', total_steps: 100 }), [10, 60]);
  writeRows(add(runs, 'dead', { status: 'running' }), [10]);
  own(add(runs, 'live', { status: 'running' }));
  const watched = createWatcher(runs, [runs])().runs.map(({ steps, epochs, speed, arm, ...rest }) => rest);
  const ls = listed(runs, listRuns(runs, assert.fail), assert.fail).map(({ arm, ...rest }) => rest);
  assert.deepEqual(watched, ls);
  assert.deepEqual(
    watched.map(({ run }) => run.status),
    ['stale', 'completed', 'interrupted', 'running'],
  );
});

test('rows appear as they are written, and the same object is returned while nothing changes', () => {
  const runs = fresh();
  const run = add(runs, 'wn', { status: 'running', total_steps: 100 });
  own(run);
  writeRows(run, [10, 20]);
  const look = createWatcher(runs, [runs]);
  const before = look();
  assert.deepEqual([before.runs[0]?.step, before.runs[0]?.valAccuracy], [20, 0.75]);
  assert.equal(look(), before);
  appendFileSync(join(run, 'steps.csv'), line(stepColumns, { step: 40, elapsed_seconds: 4 }));
  const after = look();
  assert.notEqual(after, before);
  assert.equal(after.runs[0]?.step, 40);
  assert.ok(Math.abs(secondsLeft(after.runs[0]!)! - 6) < 1e-9, 'ten steps per second');
  writeRecord(run, record('wn', { status: 'interrupted', total_steps: 100 }));
  assert.equal(secondsLeft(look().runs[0]!), null);
});

test('a run that starts over has only its new rows', () => {
  const runs = fresh();
  const run = add(runs, 'wn', { status: 'interrupted' });
  writeRows(run, [10, 20, 30]);
  const look = createWatcher(runs, [runs]);
  look();
  rmSync(join(run, 'metrics.csv'));
  writeRows(run, [10]);
  const [{ step, steps, epochs } = assert.fail()] = look().runs;
  assert.deepEqual([step, steps.rows(10).length, epochs.length], [10, 1, 1]);
});

test('new runs appear, and removed ones disappear, also with their folder', () => {
  const runs = join(fresh(), 'later');
  const look = createWatcher(runs, [runs]);
  const names = (): string[] => look().runs.map(({ name }) => name);
  assert.deepEqual(names(), []);
  add(runs, 'a');
  assert.deepEqual(names(), ['a']);
  add(runs, 'b');
  assert.deepEqual(names(), ['a', 'b']);
  rmSync(join(runs, 'a'), { recursive: true });
  assert.deepEqual(names(), ['b']);
  rmSync(runs, { recursive: true });
  assert.deepEqual(names(), []);
});

test('a damaged run is named, does not hide the others, and is read again when it is repaired', () => {
  const runs = fresh();
  add(runs, 'good');
  const bad = add(runs, 'bad');
  writeFileSync(join(bad, 'config.json'), '{');
  const look = createWatcher(runs, [runs]);
  const { runs: found, damage } = look();
  assert.deepEqual([found.length, damage.length], [1, 1]);
  assert.match(damage[0]!, /bad.config\.json: it is not JSON/);
  writeFileSync(join(bad, 'config.json'), toJson(defaults));
  assert.deepEqual([look().runs.length, look().damage.length], [2, 0]);
});

test('runs of a sweep have the names of its plan, and those that have not started are counted', () => {
  const folder = join(fresh(), 'rates');
  mkdirSync(folder);
  const file = {
    name: 'rates',
    base: { backend: 'wasm', device: 'cpu' },
    arms: { a: {}, b: { lr: 0.5 } },
    seeds: 2,
  };
  const plan = freeze(decided(parseSweep(file, 'test')), checksums, '2026-01-01T00:00:00.000Z');
  writePlan(folder, plan);
  const look = createWatcher('runs', [folder]);
  assert.deepEqual([look().runs.length, look().waiting], [0, 4]);
  assert.deepEqual(look().arms, ['a', 'b']);
  for (const { id, arm } of plannedRuns(plan).slice(1)) {
    const { fingerprint } = plan.arms.find(({ name }) => name === arm)!;
    add(folder, id, { fingerprint });
  }
  assert.deepEqual(
    look()
      .runs.map(({ arm }) => arm)
      .sort(),
    ['a', 'b', 'b'],
  );
  assert.equal(look().waiting, 1);
  const longer = add(folder, 'longer', { fingerprint: 'f'.repeat(64) });
  writeFileSync(join(longer, 'config.json'), toJson({ ...defaults, lr: 0.3 }));
  assert.deepEqual(look().arms, ['a', 'b', 'wn lr=0.3'], 'a run that the plan does not list renames no arm');
  rmSync(longer, { recursive: true });
  add(dirname(folder), 'loose', { fingerprint: 'e'.repeat(64) });
  const all = createWatcher('runs', [dirname(folder)])();
  assert.deepEqual([all.arms, all.waiting], [['rates a', 'rates b', 'wn'], 1]);
  writeFileSync(join(folder, 'plan.json'), '{}');
  assert.match(look().damage.join(), /plan\.json: expected a plan/);
  assert.equal(look().runs.length, 3);
});

test('a name stands for a folder, a sweep in the folder of runs, or a run by the start of its id', () => {
  const runs = fresh();
  const run = add(runs, 'wn-s0-12345678');
  mkdirSync(join(runs, 'sweep'));
  assert.deepEqual(watchedPlaces(runs, [runs, 'sweep', 'wn-s0', run]), [runs, join(runs, 'sweep'), run, run]);
  assert.throws(
    () => watchedPlaces(runs, ['base']),
    (error) => error instanceof UserError && error.code === 'E_RUN',
  );
});
