/** @file `wnlstm sweep` as a process, on a small data set. */

import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runsIn, scratch, sweep, sweepFile } from './sweep.testing.js';

test('a sweep trains all its runs, and the same command again trains none', () => {
  const file = sweepFile('all');
  const first = sweep(file, 'all', '--json');
  assert.equal(first.status, 0, first.stderr);
  assert.deepEqual(JSON.parse(first.stdout), {
    name: 'all',
    dir: join(scratch, 'all/all'),
    runs: 4,
    completed: 4,
    diverged: 0,
    failed: 0,
    left: 0,
  });
  assert.equal(first.stderr.match(/completed {2}val acc/g)?.length, 4);
  const folder = join(scratch, 'all/all');
  const [run] = runsIn(folder);
  assert.match(
    readFileSync(join(folder, run!, 'log.txt'), 'utf8'),
    /started on wasm[\s\S]*epoch 2[\s\S]*completed/,
  );
  const again = sweep(file, 'all');
  assert.equal(again.status, 0);
  assert.match(again.stderr, /4 of them finished/);
  assert.doesNotMatch(again.stderr, /val acc/);
});

test('--add-seeds trains only the new seeds, and the file still matches its plan', () => {
  const file = sweepFile('more', { seeds: 1 });
  assert.equal(sweep(file, 'more').status, 0);
  const more = sweep(file, 'more', '--add-seeds', '1');
  assert.equal(more.stderr.match(/completed/g)?.length, 2);
  assert.match(more.stdout, /4 runs finished/);
  assert.equal(sweep(file, 'more').status, 0);
});

test('--dry-run writes nothing and estimates the time', () => {
  const { status, stdout } = sweep(sweepFile('dry'), 'dry', '--dry-run');
  assert.equal(status, 0);
  assert.match(stdout, /^base +2 +2 {2}model=base/m);
  assert.match(stdout, /comparison: wn with base/);
  assert.match(stdout, /4 runs to train, about \d/);
  assert.ok(!existsSync(join(scratch, 'dry')));
});

test('a failed run is listed with its log, and the next call trains it again', () => {
  const file = sweepFile('failing');
  const folder = join(scratch, 'failing/failing');
  sweep(file, 'failing');
  const [run] = runsIn(folder);
  const config = join(folder, run!, 'run.json');
  const record = JSON.parse(readFileSync(config, 'utf8'));
  writeFileSync(config, JSON.stringify({ ...record, status: 'interrupted', fingerprint: 'another' }));
  const failed = sweep(file, 'failing');
  assert.equal(failed.status, 1);
  assert.match(failed.stderr, /failed {2}\S+ seed \d: .*expected the fingerprint/);
  assert.match(failed.stderr, /log\.txt/);
  assert.match(
    failed.stderr,
    /1 of 4 runs has no result yet\.\nTo resume, run `.*sweep .*failing\.json --runs /,
  );
  writeFileSync(config, JSON.stringify({ ...record, status: 'failed' }));
  assert.equal(sweep(file, 'failing').status, 0);
});

test('divergence is a result', () => {
  const file = sweepFile('wild', { seeds: 1, arms: { wn: {} } }, { optimizer: 'sgd', lr: 1e38 });
  const { status, stdout } = sweep(file, 'wild');
  assert.equal(status, 0);
  assert.match(stdout, /1 run finished, 1 diverged/);
});

test('the folder of the data is that of the sweep file, also if the data was moved', () => {
  const file = sweepFile('moved');
  sweep(file, 'moved', '--quiet');
  const folder = join(scratch, 'elsewhere');
  mkdirSync(folder);
  cpSync(join(scratch, 'moved'), join(folder, 'moved'), { recursive: true });
  cpSync(join(scratch, 'data'), join(folder, 'data'), { recursive: true });
  cpSync(file, join(folder, 'moved.json'));
  const more = sweep(join(folder, 'moved.json'), 'elsewhere/moved', '--add-seeds', '1', '--quiet');
  assert.equal(more.status, 0, more.stderr);
  const plan = JSON.parse(readFileSync(join(folder, 'moved/moved/plan.json'), 'utf8'));
  assert.equal(plan.arms[0].config.data, join(folder, 'data'));
});

test('a file in the place of a run fails only that run', () => {
  const file = sweepFile('blocked');
  const planned = JSON.parse(sweep(file, 'blocked', '--dry-run', '--json').stdout);
  assert.equal(planned.left, 4);
  sweep(file, 'blocked-twin', '--quiet');
  const [run] = runsIn(join(scratch, 'blocked-twin/blocked'));
  mkdirSync(join(scratch, 'blocked/blocked'), { recursive: true });
  writeFileSync(join(scratch, 'blocked/blocked', run!), 'a file');
  const { status, stderr } = sweep(file, 'blocked');
  assert.equal(status, 1);
  assert.match(stderr, /a file with that name exists|a part of the path is a file/);
  assert.equal(runsIn(join(scratch, 'blocked/blocked')).length, 3);
  assert.ok(!existsSync(join(scratch, 'blocked/blocked/lock')));
});

test('a plan with too few seeds for a significant result is reported before training', () => {
  assert.match(
    sweep(sweepFile('few'), 'few', '--dry-run').stderr,
    /2 seeds are too few: with 1 comparison, p < 0\.05 needs at least 6/,
  );
});

test('a different sweep of the same name is refused, and so is an edited plan', () => {
  sweep(sweepFile('frozen'), 'frozen');
  const changed = sweep(sweepFile('frozen', {}, { lr: 0.03 }), 'frozen');
  assert.equal(changed.status, 2);
  assert.match(changed.stderr, /another config or other data for base/);
  const plan = join(scratch, 'frozen/frozen/plan.json');
  writeFileSync(plan, readFileSync(plan, 'utf8').replace('0.005', '0.5'));
  const edited = sweep(sweepFile('frozen'), 'frozen');
  assert.equal(edited.status, 2);
  assert.match(edited.stderr, /the plan was changed/);
});

test('a sweep of very many runs needs confirmation', () => {
  const { status, stderr } = sweep(sweepFile('huge', { seeds: 600 }), 'huge');
  assert.equal(status, 2);
  assert.match(stderr, /1,200 runs need confirmation \(limit 1,000\); nothing was started\.[\s\S]*--yes/);
  assert.ok(!existsSync(join(scratch, 'huge')));
});
