/** @file `wnlstm work`: several workers in one folder, of which some are killed, and workers in another container. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  bin,
  ended,
  environment,
  long,
  resultsOf,
  runsIn,
  scratch,
  sweep,
  sweepFile,
  until,
} from './sweep.testing.js';

const workers: ChildProcess[] = [];
after(() => workers.forEach((worker) => void worker.kill('SIGKILL')));

function work(folder: string, ...more: string[]) {
  return spawnSync(process.execPath, [bin, 'work', folder, ...more], { encoding: 'utf8', env: environment });
}

function startWorker(folder: string): ChildProcess {
  const worker = spawn(process.execPath, [bin, 'work', folder, '--jobs', '1', '--threads', '1', '--quiet'], {
    env: environment,
    stdio: 'ignore',
  });
  workers.push(worker);
  return worker;
}

function plan(
  name: string,
  change: Record<string, unknown> = {},
  base: Record<string, unknown> = {},
): string {
  const { status, stdout, stderr } = sweep(sweepFile(name, change, base), name, '--plan-only', '--quiet');
  assert.deepEqual([status, stdout, stderr], [0, '', '']);
  return join(scratch, name, name);
}

test('four workers, of which two are killed, end with the bytes of a sweep in one process, and no run is lost', async () => {
  const file = sweepFile('shared', { seeds: 6 }, long(3));
  assert.equal(sweep(file, 'alone', '--quiet').status, 0);
  const folder = plan('shared', { seeds: 6 }, long(3));
  const four = Array.from({ length: 4 }, () => startWorker(folder));
  await until(() => runsIn(folder).length >= 3);
  four[0]!.kill('SIGKILL');
  await until(() => runsIn(folder).length >= 6);
  four[1]!.kill('SIGKILL');
  assert.deepEqual(await Promise.all(four.slice(2).map(ended)), [0, 0]);
  assert.equal(runsIn(folder).length, 12);
  assert.deepEqual(resultsOf(folder), resultsOf(join(scratch, 'alone/shared')));
  for (const run of runsIn(folder)) {
    const log = readFileSync(join(folder, run, 'log.txt'), 'utf8');
    assert.equal(log.split(/ completed\n/).length, 2, `${run} was computed once`);
  }
});

test('a task of a job array trains only its runs', () => {
  const folder = plan('tasks', { seeds: 2 });
  const json = JSON.parse(readFileSync(join(folder, 'plan.json'), 'utf8')) as {
    arms: { fingerprint: string }[];
  };
  const ids = json.arms.map(
    ({ fingerprint }, index) => `${['base', 'wn'][index]}-s1-${fingerprint.slice(0, 8)}`,
  );
  const tasks = join(scratch, 'tasks.lists.json');
  writeFileSync(tasks, JSON.stringify([[], ids]));
  const { status, stdout } = work(folder, '--tasks', tasks, '--task', '1', '--json');
  assert.equal(status, 0);
  assert.deepEqual(JSON.parse(stdout), {
    name: 'tasks',
    dir: folder,
    runs: 2,
    completed: 2,
    diverged: 0,
    failed: 0,
    left: 0,
  });
  assert.deepEqual(runsIn(folder).sort(), ids.sort());
  assert.match(work(folder, '--tasks', tasks, '--task', '2').stderr, /has no task 2/);
  assert.match(work(folder, '--task', '0').stderr, /--tasks and --task together/);
});

test('a worker needs a plan, and the data that it was planned with', () => {
  const folder = plan('planned');
  assert.match(work(scratch).stderr, /found no plan\.json/);
  const path = join(folder, 'plan.json');
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace(/"seeds": \[\s*0,/, '"seeds": [5,'));
  const { status, stderr } = work(folder);
  assert.deepEqual([status, /the plan was changed/.test(stderr)], [2, true]);
});

test('a plan for a GPU is written on a machine without one, and its runs have the bytes of a CPU', () => {
  assert.equal(sweep(sweepFile('gpu'), 'cpu', '--quiet').status, 0);
  const folder = plan('gpu', {}, { backend: 'cuda' });
  const { status, stderr } = work(folder);
  assert.equal(status, 0, stderr);
  assert.deepEqual(resultsOf(folder), resultsOf(join(scratch, 'cpu/gpu')));
});

const noContainers =
  spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']).status === 0
    ? false
    : 'unshare cannot make a container here';

test('a run that a process in another container trains is refused while its heartbeat moves', {
  skip: noContainers,
}, async () => {
  const runs = join(scratch, 'container');
  const flags = [
    '--runs',
    runs,
    '--data',
    join(scratch, 'data'),
    '--units',
    '7',
    '--batch',
    '1',
    '--backend',
    'wasm',
  ];
  const train = [bin, 'train', ...flags, '--epochs', '100000', '--quiet'];
  const owner = spawn(
    'unshare',
    ['--pid', '--fork', '--kill-child', '--mount-proc', process.execPath, ...train],
    {
      env: environment,
      stdio: 'ignore',
    },
  );
  workers.push(owner);
  await until(() => runsIn(runs).length === 1);
  const { status, stderr } = spawnSync(process.execPath, train, { encoding: 'utf8', env: environment });
  assert.equal(status, 2);
  assert.match(
    stderr,
    /is in use by process \d+ on .* \(in another container, or on another machine with that name\)/,
  );
  owner.kill('SIGKILL');
  await ended(owner);
  rmSync(runs, { recursive: true, force: true });
});
