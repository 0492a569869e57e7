/** @file Laws of sorting and filtering the list of runs. */

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { toJson } from '../files.js';
import { listRuns } from '../runs/find.js';
import { add, defaults, fresh } from '../runs/run.testing.js';
import { filteredBy, sortedBy } from './list-query.js';
import { type ListedRun, listed } from './listing.js';

const listedRuns = (() => {
  const runs = fresh();
  for (const [id, change] of [
    ['a', { clip: 0.5, lr: 0.1 }],
    ['b', { lr: 0.01 }],
    ['c', { lr: 0.02 }],
  ] as const) {
    const run = add(runs, id, { status: id === 'c' ? 'failed' : 'completed' });
    writeFileSync(join(run, 'config.json'), toJson({ ...defaults, ...change }));
  }
  mkdirSync(join(runs, 'empty'));
  return listed(runs, listRuns(runs, assert.fail), assert.fail);
})();

function names(runs: readonly ListedRun[]): string {
  return runs.map(({ name }) => name).join('');
}

test('runs are sorted by a column or a config key, and those without a value are last in both directions', () => {
  assert.equal(names(sortedBy(listedRuns, 'lr', false)), 'bca');
  assert.equal(names(sortedBy(listedRuns, 'lr', true)), 'acb');
  assert.equal(names(sortedBy(listedRuns, 'test', true)).at(-1), 'c');
  assert.equal(names(sortedBy(listedRuns, 'test', false)).at(-1), 'c');
  assert.throws(() => sortedBy(listedRuns, 'tset', false), { code: 'E_USAGE', message: /nearest: test/ });
});

test('runs are filtered by conditions on columns and config keys', () => {
  for (const [condition, expected] of [
    ['lr<0.1', 'bc'],
    ['lr<=0.02', 'bc'],
    ['lr>0.01', 'ac'],
    ['lr>=0.1', 'a'],
    ['lr=0.10', 'a'],
    ['clip=none', 'bc'],
    ['clip!=none', 'a'],
    ['clip>0.1', 'a'],
    ['status=failed', 'c'],
    ['status!=failed', 'ab'],
    ['run=b', 'b'],
    ['units=7', ''],
    ['val>90', 'ab'],
    ['val>=0.91', 'ab'],
    ['val>92', ''],
  ]) {
    assert.equal(names(filteredBy(listedRuns, condition!)), expected, condition);
  }
  for (const wrong of ['lr', 'lr ~ 1', '', 'unit=3', 'lr<<1', 'lr=', 'val>=abc']) {
    assert.throws(() => filteredBy(listedRuns, wrong), { code: 'E_USAGE' }, wrong);
  }
});
