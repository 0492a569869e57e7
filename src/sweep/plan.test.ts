/** @file Laws of plan.json: it does not change, and a changed plan is an error. */

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { decided } from './decided.testing.js';
import { parseSweep } from './grid.js';
import {
  addSeeds,
  differenceFrom,
  freeze,
  type Plan,
  type PlannedArm,
  plannedRuns,
  readPlan,
  writePlan,
} from './plan.js';

const folder = mkdtempSync(join(tmpdir(), 'wnlstm-plan-'));
after(() => rmSync(folder, { recursive: true }));

const NOW = '2026-01-01T00:00:00.000Z';
const checksums = { images: 'a', labels: 'b' };
const file = {
  name: 'x',
  base: { backend: 'wasm', device: 'cpu' },
  arms: { base: { model: 'base' }, wn: {} },
  seeds: [3, 1],
};

function planOf(change: Record<string, unknown> = {}, sums = checksums): Plan {
  return freeze(decided(parseSweep({ ...file, ...change }, 'x.json')), sums, NOW);
}

test('a plan is read exactly as it was written', () => {
  const plan = planOf({ about: 'why' });
  writePlan(folder, plan);
  assert.deepEqual(readPlan(folder), plan);
  assert.equal(readPlan(join(folder, 'absent')), null);
});

test('runs are ordered by seed, and each has its own folder', () => {
  const runs = plannedRuns(planOf());
  assert.deepEqual(
    runs.map(({ arm, seed, config }) => [arm, seed, config.seed, config.model]),
    [
      ['base', 3, 3, 'base'],
      ['wn', 3, 3, 'wn'],
      ['base', 1, 1, 'base'],
      ['wn', 1, 1, 'wn'],
    ],
  );
  assert.equal(new Set(runs.map(({ id }) => id)).size, 4);
  assert.match(runs[1]!.id, /^wn-s3-[0-9a-f]{8}$/);
});

test('a plan that was edited is refused', () => {
  writePlan(folder, planOf());
  const path = join(folder, 'plan.json');
  const text = readFileSync(path, 'utf8');
  for (const [from, to] of [
    ['"margin": 0.005', '"margin": 0.05'],
    ['"units": 100', '"units": 101'],
    ['"format": 2', '"format": 3'],
    ['"format": 2', '"format": 1'],
    ['{', ''],
  ] as const) {
    assert.ok(text.includes(from));
    writeFileSync(path, text.replace(from, to));
    assert.throws(() => readPlan(folder), { code: 'E_RUN' }, `${from} -> ${to}`);
  }
});

test('each value of a plan is checked even if its checksum is valid', () => {
  const plan = planOf();
  const [arm, ...others] = plan.arms as [PlannedArm, ...PlannedArm[]];
  const forged: [Partial<Plan>, RegExp][] = [
    [
      { arms: [{ ...arm, config: { ...arm.config, model: '../../../x' as 'wn' } }] },
      /model: expected one of base, wn/,
    ],
    [
      { arms: [{ ...arm, config: { ...arm.config, clip: '/tmp/x' as unknown as number } }] },
      /clip: expected a number/,
    ],
    [
      { arms: [{ ...arm, config: { ...arm.config, units: 7 } }, ...others] },
      /fingerprint of base does not match/,
    ],
    [{ name: '../x' }, /name: expected a name/],
    [{ seeds: ['../x' as unknown as number] }, /seeds: expected/],
    [{ comparisons: [['wn', 'absent']] }, /comparisons: expected pairs of arms/],
    [{ added: [null as unknown as Plan['added'][number]] }, /added: expected/],
    [{ arms: [] }, /arms: expected a list/],
    [{ arms: [null as unknown as Plan['arms'][number]] }, /name or fingerprint of an arm is missing/],
    [{ margin: Number.NaN }, /margin: expected/],
    [{ data: null as unknown as Plan['data'] }, /data: expected checksums/],
  ];
  for (const [change, message] of forged) {
    writePlan(folder, { ...plan, ...change });
    assert.throws(() => readPlan(folder), { code: 'E_RUN', message }, JSON.stringify(change).slice(0, 80));
  }
});

test('a plan does not grow above 100,000 seeds', () => {
  assert.throws(() => addSeeds(planOf(), 300_000, NOW), {
    code: 'E_USAGE',
    message: /at most 100,000 seeds in a plan/,
  });
});

test('two arms with the same config are refused', () => {
  assert.throws(() => planOf({ arms: { a: { lr: 0.1 }, b: {} } }), /arms a and b have the same config/);
});

test('added seeds are the smallest unused ones, and the plan records when they were added', () => {
  const plan = addSeeds(planOf(), 3, NOW);
  assert.deepEqual(plan.seeds, [3, 1, 0, 2, 4]);
  assert.deepEqual(plan.added, [{ at: NOW, seeds: [0, 2, 4] }]);
  assert.equal(differenceFrom(plan, planOf()), null);
});

test('the first difference between a sweep file and its plan is described', () => {
  const plan = planOf();
  assert.equal(differenceFrom(plan, planOf({ about: 'another purpose' })), null);
  assert.match(
    String(differenceFrom(plan, planOf({ arms: { base: { model: 'base' } } }))),
    /^arms base instead of/,
  );
  assert.match(String(differenceFrom(plan, planOf({ base: { ...file.base, lr: 0.2 } }))), /another config/);
  assert.match(String(differenceFrom(plan, planOf({}, { images: 'c', labels: 'b' }))), /other data/);
  assert.match(
    String(differenceFrom(plan, planOf({ seeds: [3, 1, 7] }))),
    /seeds that were not planned \(7\)/,
  );
  assert.match(String(differenceFrom(plan, planOf({ seeds: [3] }))), /no seed 1/);
  assert.match(String(differenceFrom(plan, planOf({ margin: 0.01 }))), /margin/);
  assert.match(String(differenceFrom(plan, planOf({ comparisons: [['base', 'wn']] }))), /other comparisons/);
});
