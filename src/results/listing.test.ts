/** @file Laws of the state of runs in the list. */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { toJson } from '../files.js';
import { listRuns } from '../runs/find.js';
import { epochColumns, stepColumns } from '../runs/metrics.js';
import { add, defaults, fresh } from '../runs/run.testing.js';
import { type ListedRun, listed } from './listing.js';

function listOf(runs: string): ListedRun[] {
  return listed(runs, listRuns(runs, assert.fail), assert.fail);
}

function csv(columns: readonly string[], rows: readonly Record<string, number>[]): string {
  return [columns.join(','), ...rows.map((row) => columns.map((name) => row[name] ?? 0).join(',')), ''].join(
    '\n',
  );
}

test('an unfinished run has a step, a number of steps, and the latest validation accuracy', () => {
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
  const { step, totalSteps, valAccuracy, testAccuracy, arm, sweep, data } = listOf(runs)[0]!;
  assert.deepEqual([step, totalSteps, valAccuracy, testAccuracy], [60, 100, 0.75, null]);
  assert.deepEqual([arm, sweep, data], [null, null, 'MNIST']);
});

test('a run without rows, or with damaged rows, is at step 0', () => {
  const runs = fresh();
  add(runs, 'wn', { status: 'running' });
  writeFileSync(join(add(runs, 'torn', { status: 'failed' }), 'steps.csv'), 'step\nx\n');
  assert.deepEqual(
    listOf(runs).map(({ step }) => step),
    [0, 0],
  );
});

test('the length of a run comes from its config if the record lacks it', () => {
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
