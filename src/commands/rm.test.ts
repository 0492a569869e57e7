/** @file `wnlstm rm` removes what was named, after a confirmation, and never a run that is in use. */

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertRefused, wnlstm } from '../end-to-end/cli.testing.js';
import { thisProcess } from '../runs/owner.js';
import { add, fresh } from '../runs/run.testing.js';
import { writeSweep } from '../web/runs.testing.js';

test('runs are removed after a confirmation, others stay, and --dry-run removes nothing', () => {
  const runs = fresh();
  const [a, b, c] = ['wn-a', 'wn-b', 'base-c'].map((id) => add(runs, id)) as [string, string, string];
  assertRefused(
    wnlstm('rm', a, '--runs', runs),
    /Removing 1 run \(.* MB\) needs confirmation; nothing was removed/,
  );
  assert.match(
    wnlstm('rm', a, b, '--dry-run', '--runs', runs).out,
    /wn-a\n.*wn-b\n2 runs \(.* MB\) would be removed\n$/,
  );
  assert.ok(existsSync(a));
  assert.match(wnlstm('rm', a, 'wn-b', '--yes', '--runs', runs).out, /^2 runs \(.* MB\) removed\n$/);
  assert.deepEqual(
    [a, b, c].map((path) => existsSync(path)),
    [false, false, true],
  );
});

test('a run in use is not removed, and neither are the others that were named', () => {
  const runs = fresh();
  const [a, b] = ['wn-a', 'wn-b'].map((id) => add(runs, id)) as [string, string];
  writeFileSync(join(b, 'lock'), `${JSON.stringify(thisProcess())}\n`);
  assertRefused(
    wnlstm('rm', a, b, '--yes', '--runs', runs),
    /wn-b is in use by process \d+ on .*; nothing was removed/,
  );
  assert.deepEqual(
    [a, b].map((path) => existsSync(path)),
    [true, true],
  );
});

test('a sweep, and a run of a sweep, are removed only with --sweep', () => {
  const runs = fresh();
  const run = add(join(runs, 'sweep'), 'wn-a');
  writeFileSync(join(runs, 'sweep/plan.json'), '{}');
  for (const [name, message] of [
    ['sweep', /sweep is a sweep; nothing was removed/],
    [run, /wn-a is a run of the sweep .*sweep; nothing was removed/],
  ] as const)
    assertRefused(wnlstm('rm', name, '--yes', '--runs', runs), message);
  assert.equal(wnlstm('rm', 'sweep', '--yes', '--sweep', '--runs', runs).code, 0);
  assert.equal(existsSync(join(runs, 'sweep')), false);
});

test('files of the user in the folder of a sweep stay, and are named', () => {
  const runs = fresh();
  add(join(runs, 'sweep'), 'wn-a');
  for (const file of ['plan.json', 'notes.txt']) writeFileSync(join(runs, 'sweep', file), '{}');
  const { code, err } = wnlstm('rm', 'sweep', '--yes', '--sweep', '--runs', runs);
  assert.equal(code, 0);
  assert.match(err, /sweep still has files that do not belong to the sweep: notes\.txt/);
  assert.deepEqual(readdirSync(join(runs, 'sweep')), ['notes.txt']);
});

test('a run beside those of a sweep, which its plan does not list, is removed without --sweep', () => {
  const runs = fresh();
  const sweep = writeSweep(runs, { name: 'sweep', arms: { wn: {} }, seeds: 1 }, () => ({ rows: 3 }));
  const [planned] = readdirSync(sweep).filter((name) => name.startsWith('wn'));
  const longer = add(sweep, 'wn-longer');
  assertRefused(wnlstm('rm', join(sweep, planned ?? ''), '--yes', '--runs', runs), /is a run of the sweep/);
  assert.equal(wnlstm('rm', longer, '--yes', '--runs', runs).code, 0);
  assert.deepEqual(readdirSync(sweep).sort(), ['plan.json', planned]);
});

test('an empty name, the root and a folder that is no run do not stand for runs', () => {
  const runs = fresh();
  const run = add(runs, 'wn-a');
  assertRefused(wnlstm('rm', '', '--yes', '--runs', runs), /Expected the name of a run, got an empty one/);
  assert.equal(wnlstm('rm', runs, '', '--yes', '--runs', runs).code, 2);
  assertRefused(wnlstm('rm', join(runs, 'wn-a', 'none'), '--yes', '--runs', runs), /found no run/);
  const other = join(runs, 'thesis');
  mkdirSync(join(other, 'checkpoints'), { recursive: true });
  writeFileSync(join(other, 'chapter.txt'), 'mine');
  for (const name of [runs, other, 'thesis'])
    assertRefused(
      wnlstm('rm', name, '--yes', '--runs', runs),
      /thesis may not be a run; nothing was removed/,
    );
  assert.ok(existsSync(run) && existsSync(join(other, 'chapter.txt')));
});

test('a link to a run is removed, and the run stays', { skip: process.platform === 'win32' }, () => {
  const [runs, elsewhere] = [fresh(), fresh()];
  const run = add(elsewhere, 'wn-a');
  symlinkSync(run, join(runs, 'link'));
  assert.equal(wnlstm('rm', join(runs, 'link'), '--yes', '--runs', runs).code, 0);
  assert.ok(existsSync(join(run, 'run.json')), 'the run stays');
  assert.ok(!existsSync(join(runs, 'link')));
});
