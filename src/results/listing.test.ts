/** @file The list of runs: where each stands, sorted and filtered. */

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { toJson } from '../files.js';
import { listRuns } from '../runs/find.js';
import { epochColumns, stepColumns } from '../runs/metrics.js';
import { add, defaults, fresh } from '../runs/run.testing.js';
import { filteredBy, type ListedRun, listed, sortedBy } from './listing.js';

function listOf(runs: string): ListedRun[] {
  return listed(runs, listRuns(runs, assert.fail), assert.fail);
}

function csv(columns: readonly string[], rows: readonly Record<string, number>[]): string {
  return [columns.join(','), ...rows.map((row) => columns.map((name) => row[name] ?? 0).join(',')), ''].join(
    '\n',
  );
}

test('a run that is not finished shows its step of all steps and its latest validation accuracy', () => {
  const runs = fresh();
  const run = add(runs, 'wn', { status: 'interrupted', total_steps: 100 });
  writeFileSync(join(run, 'steps.csv'), csv(stepColumns, [{ step: 10 }, { step: 60 }]));
  writeFileSync(
    join(run, 'metrics.csv'),
    csv(epochColumns, [
      { epoch: 1, step: 25, val_accuracy: 0.5 },
      { epoch: 2, step: 50, val_accuracy: 0.75 },
    ]),
  );
  const [{ step, totalSteps, valAccuracy, testAccuracy, arm, sweep, data }] = listOf(runs);
  assert.deepEqual([step, totalSteps, valAccuracy, testAccuracy], [60, 100, 0.75, null]);
  assert.deepEqual([arm, sweep, data], [null, null, 'MNIST']);
});

test('a run that has just begun, or whose rows are damaged, is at step 0', () => {
  const runs = fresh();
  add(runs, 'wn', { status: 'running' });
  writeFileSync(join(add(runs, 'torn', { status: 'failed' }), 'steps.csv'), 'step\nx\n');
  assert.deepEqual(
    listOf(runs).map(({ step }) => step),
    [0, 0],
  );
});

test('the length of a run without it on record comes from its config', () => {
  const runs = fresh();
  const lengthWith = (id: string, change: object): number | null => {
    const run = add(runs, id, { status: 'failed' });
    writeFileSync(join(run, 'config.json'), toJson({ ...defaults, ...change }));
    return listOf(runs).find(({ name }) => name === id)?.totalSteps ?? null;
  };
  assert.equal(lengthWith('steps', { steps: 300 }), 300);
  assert.equal(lengthWith('epochs', { epochs: 2, batch: 64 }), 1718);
  assert.equal(lengthWith('other', { data: '/somewhere/fashion' }), null);
});

const made = (() => {
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
  return listOf(runs);
})();

function names(runs: readonly ListedRun[]): string {
  return runs.map(({ name }) => name).join('');
}

test('runs are sorted by a column or a key, and those without a value come last either way', () => {
  assert.equal(names(sortedBy(made, 'lr', false)), 'bca');
  assert.equal(names(sortedBy(made, 'lr', true)), 'acb');
  assert.equal(names(sortedBy(made, 'test', true)).at(-1), 'c');
  assert.equal(names(sortedBy(made, 'test', false)).at(-1), 'c');
  assert.throws(() => sortedBy(made, 'tset', false), { code: 'E_USAGE', message: /nearest: test/ });
});

test('runs are filtered by conditions on columns and keys', () => {
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
    assert.equal(names(filteredBy(made, condition!)), expected, condition);
  }
  for (const wrong of ['lr', 'lr ~ 1', '', 'unit=3']) {
    assert.throws(() => filteredBy(made, wrong), { code: 'E_USAGE' }, wrong);
  }
});
