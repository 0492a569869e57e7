/** @file Laws of model selection. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { syntheticArm } from '../compare/comparison.testing.js';
import { decided } from '../sweep/decided.testing.js';
import { parseSweep } from '../sweep/grid.js';
import { freeze } from '../sweep/plan.js';
import type { Arm } from './arm.js';
import type { Results } from './results.js';
import { selectArms } from './select-arms.js';

const file = {
  name: 'x',
  base: { backend: 'wasm', device: 'cpu' },
  arms: { a: { model: 'base' }, b: {} },
  grid: { lr: [1, 2, 3] },
  seeds: 2,
};
const plan = freeze(decided(parseSweep(file, 'x.json')), {}, '');

/** Results with these validation accuracies, and test accuracies in the opposite order. */
function resultsWith(accuracies: readonly number[]): Results {
  const arms = plan.arms.map(({ name }, at): Arm => {
    const arm = syntheticArm(name, [1 - accuracies[at]!, 1 - accuracies[at]!]);
    return {
      ...arm,
      runs: arm.runs.map((run) => ({
        ...run,
        summary: {
          ...run.summary,
          val_accuracy: accuracies[at]!,
          best_val_accuracy: accuracies[at]!,
          val_loss: 1 - accuracies[at]!,
        },
      })),
    };
  });
  return { title: 'x', plan, directory: null, arms, comparisons: [], notes: [], found: [] };
}

const results = resultsWith([0.1, 0.9, 0.5, 0.3, 0.2, 0.8]);

function namesBy(from: Results, criterion: string): string[] {
  return selectArms(from, criterion).arms.map(({ name }) => name);
}

test('the grid point of each arm that is best on validation data is selected', () => {
  for (const criterion of ['val_accuracy', 'val_loss', 'best_val_accuracy']) {
    assert.deepEqual(namesBy(results, criterion), ['a lr=2', 'b lr=3'], criterion);
  }
  assert.deepEqual(selectArms(results, 'val_loss').pairs, [['b lr=3', 'a lr=2']]);
});

test('a diverged run gives its grid point the worst loss, and lowers its accuracy', () => {
  const arms = results.arms.map((arm, at): Arm => {
    if (at !== 1) return arm;
    const [first, ...rest] = arm.runs;
    const diverged = { ...first!, status: 'diverged' as const };
    return { ...arm, runs: [diverged, ...rest] };
  });
  assert.deepEqual(namesBy({ ...results, arms }, 'val_loss'), ['a lr=3', 'b lr=3']);
  assert.deepEqual(namesBy({ ...results, arms }, 'val_accuracy'), ['a lr=3', 'b lr=3']);
});

test('a grid point without runs is not selected if another one has runs', () => {
  const arms = results.arms.map((arm, at) => (at === 1 ? { ...arm, runs: [] } : arm));
  assert.deepEqual(namesBy({ ...results, arms }, 'val_accuracy'), ['a lr=3', 'b lr=3']);
});

test('criteria on test data, unknown criteria and runs without a plan are errors', () => {
  assert.throws(() => selectArms(results, 'test_accuracy'), {
    code: 'E_USAGE',
    message: /Test data is only for measuring the result/,
  });
  assert.throws(() => selectArms(results, 'val_lose'), { code: 'E_USAGE', message: /nearest: val_loss/ });
  assert.throws(() => selectArms({ ...results, plan: null }, 'val_loss'), {
    code: 'E_USAGE',
    message: /a sweep/,
  });
});
