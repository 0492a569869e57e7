/** @file Laws of finding and listing runs. */

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { findRun, listRuns, placesOf, withoutFiles } from './find.js';
import type { FoundRun } from './reading.js';
import { add, fresh, isRunError, root } from './run.testing.js';

/** All runs; a damaged one is an error. */
function list(runs: string): FoundRun[] {
  return listRuns(runs, (error) => {
    throw error;
  });
}

test('runs are listed by start time, oldest first, and other files and folders are not listed', () => {
  const runs = fresh();
  add(runs, 'a', { started_at: '2026-03-01T00:00:00.000Z' });
  add(runs, 'b', { started_at: '2026-01-01T00:00:00.000Z' });
  add(runs, 'c', { started_at: '2026-02-01T00:00:00.000Z' });
  mkdirSync(join(runs, 'empty'));
  writeFileSync(join(runs, 'README.md'), '');
  assert.deepEqual(
    list(runs).map(({ directory, record: { run_id: id } }) => [directory, id]),
    ['b', 'c', 'a'].map((id) => [join(runs, id), id]),
  );
});

test('a runs folder that does not exist contains no runs, and a file in its place is an error', () => {
  assert.deepEqual(list(join(root, 'absent')), []);
  const file = join(root, 'file');
  writeFileSync(file, '');
  assert.throws(() => list(file), { name: 'UserError', code: 'E_IO' });
});

test('a run is found by its id, by the start of its id, and by its folder', () => {
  const runs = fresh();
  const one = add(runs, 'wn-s0-01234567');
  const other = add(runs, 'base-s0-89abcdef', { status: 'failed' });
  assert.equal(findRun(runs, 'wn-s0-01234567').directory, one);
  assert.equal(findRun(runs, 'wn').directory, one);
  assert.equal(findRun(runs, 'base-s0-8').record.run_id, 'base-s0-89abcdef');
  for (const folder of [other, `${other}/`]) {
    const found = findRun(join(root, 'absent'), folder);
    assert.equal(found.record.run_id, 'base-s0-89abcdef');
    assert.equal(found.status, 'failed');
  }
});

test('a complete id names that run, even if a longer id starts with it', () => {
  const runs = fresh();
  add(runs, 'wn-s1-01234567');
  add(runs, 'wn-s1-01234567-copy');
  assert.equal(findRun(runs, 'wn-s1-01234567').record.run_id, 'wn-s1-01234567');
});

test('a name that matches several runs or none is an error that lists the matches', () => {
  const runs = fresh();
  for (const id of ['wn-s0-00000000', 'wn-s1-00000000', 'base-s0-00000000']) add(runs, id);
  assert.throws(
    () => findRun(runs, 'wn'),
    isRunError(/one run with the name wn in .+, found 2 runs \(wn-s\d-00000000, wn-s\d-00000000\)/),
  );
  assert.throws(() => findRun(runs, 'lstm'), isRunError(/one run with the name lstm in .+, found no run/));
  assert.throws(() => findRun(runs, 's0-00000000'), isRunError(/found no run/));
});

test('without a name, the newest run of the requested kind is found', () => {
  const runs = fresh();
  add(runs, 'c', { started_at: '2026-02-01T00:00:00.000Z', status: 'interrupted' });
  add(runs, 'a', { started_at: '2026-03-01T00:00:00.000Z' });
  add(runs, 'b', { started_at: '2026-01-01T00:00:00.000Z', status: 'interrupted' });
  assert.equal(findRun(runs, undefined).record.run_id, 'a');
  const interrupted = findRun(runs, undefined, {
    kind: 'interrupted run',
    matches: ({ status }) => status === 'interrupted',
  });
  assert.equal(interrupted.record.run_id, 'c');
  assert.throws(
    () => findRun(runs, undefined, { kind: 'unfinished run', matches: () => false }),
    isRunError(/no unfinished run in/),
  );
  assert.throws(() => findRun(join(root, 'absent'), undefined), isRunError(/no run in/));
});

test('the error for a damaged run names the damaged file, and the other runs are still found', () => {
  const runs = fresh();
  const intact = add(runs, 'wn-s0-00000000');
  const damaged = add(runs, 'wn-s1-00000000');
  writeFileSync(join(damaged, 'config.json'), '');
  for (const name of ['wn-s1-00000000', 'wn-s1', damaged]) {
    assert.throws(() => findRun(runs, name), isRunError(/wn-s1-00000000.config\.json: it is empty/));
  }
  assert.equal(findRun(runs, 'wn-s0').directory, intact);
  assert.equal(findRun(runs, undefined).directory, intact);
  assert.throws(() => findRun(runs, 'wn'), isRunError(/found 2 runs/));
  const found: string[] = [];
  assert.deepEqual(
    listRuns(runs, (_, directory) => found.push(directory)).map(({ directory }) => directory),
    [intact],
  );
  assert.deepEqual(found, [damaged]);
});

test('files among several names are ignored, but a single file is not', () => {
  const runs = fresh();
  const run = add(runs, 'wn-s0-00000000');
  const file = join(runs, 'curves.csv');
  writeFileSync(file, '');
  assert.deepEqual(withoutFiles([file, run, 'wn']), [run, 'wn']);
  assert.deepEqual(withoutFiles([file]), [file]);
});

test('the runs of a sweep are listed even if its plan is missing', () => {
  const runs = fresh();
  mkdirSync(join(runs, 'sweep'));
  const run = add(join(runs, 'sweep'), 'wn-s0-00000000');
  mkdirSync(join(runs, 'other'));
  writeFileSync(join(runs, 'other/notes.txt'), '');
  assert.deepEqual(
    list(runs).map(({ directory }) => directory),
    [run],
  );
});

test('an absolute path means itself, and not a folder of that name in the folder of all runs', () => {
  assert.deepEqual(placesOf('runs', 'a/b'), ['a/b', join('runs', 'a/b')]);
  assert.deepEqual(placesOf('runs', resolve('/')), [resolve('/')]);
});

test('a folder that may not be listed is reported, and the runs beside it are listed', {
  skip: process.platform === 'win32',
}, () => {
  const runs = fresh();
  add(runs, 'wn-a');
  for (const folder of [root, runs]) chmodSync(folder, 0o755); // also for other users than root
  chmodSync(add(runs, 'wn-private'), 0);
  const isRoot = process.geteuid?.() === 0; // root may list it
  if (isRoot) process.seteuid?.(65534);
  try {
    const problems: string[] = [];
    const listed = listRuns(runs, (error) => problems.push(error.message));
    assert.deepEqual(
      listed.map(({ record }) => record.run_id),
      ['wn-a'],
    );
    assert.match(problems.join(), /^Could not read .*wn-private.run\.json: permission denied\.$/);
    assert.equal(findRun(runs, undefined).record.run_id, 'wn-a');
  } finally {
    if (isRoot) process.seteuid?.(0);
    chmodSync(join(runs, 'wn-private'), 0o755);
  }
});
