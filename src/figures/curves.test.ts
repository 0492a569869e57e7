/** @file Curves: bins, bands, axes, and whose they are. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tInterval } from '../compare/stats.js';
import { MNIST_TRAIN, readDataset } from '../data/mnist.js';
import { UserError } from '../errors.js';
import {
  bands,
  type Column,
  curveColumns,
  curvesOf,
  defaultColumns,
  parseColumn,
  summarise,
} from './curves.js';
import { falling, lossArm, ROW } from './curves.testing.js';
import { stepsPerEpoch } from './x-axis.js';

function lossOf(...arms: Parameters<typeof curvesOf>[0]) {
  return curvesOf(arms, ['loss'], 'ci').columns[0]!.points;
}

test('the curve of one run is the run, without a band', () => {
  const losses = falling(80, 1);
  assert.deepEqual(
    lossOf(lossArm('wn', [losses])),
    losses.map((loss, row) => ({
      arm: 'wn',
      step: ROW * (row + 1),
      x: ROW * (row + 1),
      mean: loss,
      low: null,
      high: null,
      n: 1,
    })),
  );
});

test('a column comes from steps.csv, and from metrics.csv if only that has it', () => {
  const { columns } = curvesOf([lossArm('wn', [[3, 2, 1]])], ['loss', 'val_loss'], 'ci');
  assert.deepEqual(
    columns.map(({ file, points }) => [file, points.map(({ step, mean }) => [step, mean])]),
    [
      [
        'steps.csv',
        [
          [10, 3],
          [20, 2],
          [30, 1],
        ],
      ],
      ['metrics.csv', [[30, 1]]],
    ],
  );
});

test('a long curve is means of whole rows over equal bins, and the last bin is not a short one', () => {
  const ends = (rows: number): number[][] =>
    lossOf(lossArm('wn', [Array.from({ length: rows }, (_, row) => row)]))
      .slice(-2)
      .map(({ step, mean }) => [step, mean]);
  assert.deepEqual(ends(249), [
    [2460, 244],
    [2490, 247],
  ]);
  assert.deepEqual(ends(251), [
    [2490, 247],
    [2510, 249.5], // two rows of three are more than half
  ]);
  assert.deepEqual(ends(250), [
    [2460, 244],
    [2500, 247.5], // one row of three is not: it goes with the three before
  ]);
});

test('a last row of few steps is no cliff: it goes with the row before, and counts by its steps', () => {
  const withLast = (steps: number) => {
    const arm = lossArm('wn', [[1, 1, 1, 9]]);
    const rows = arm.runs[0]!.steps.map((row, at) => (at === 3 ? { ...row, step: 30 + steps } : row));
    return lossOf({ ...arm, runs: [{ ...arm.runs[0], steps: rows }] }).map(({ step, mean }) => [step, mean]);
  };
  assert.deepEqual(withLast(4).at(-1), [34, 1 + (8 * 4) / 14]);
  assert.equal(withLast(4).length, 3);
  assert.deepEqual(withLast(5).at(-1), [35, 9]);
  assert.equal(withLast(5).length, 4);
});

test('from fifty rows on a curve has fifty to a hundred points', () => {
  for (const rows of [50, 86, 100, 101, 199, 200, 201, 430, 999, 1001, 5000]) {
    const { length } = lossOf(lossArm('wn', [Array.from({ length: rows }, () => 1)]));
    assert.ok(length >= 50 && length <= 100, `${rows} rows, ${length} points`);
  }
});

test('all seeds count alike, however many rows each has in a bin', () => {
  const long = Array.from({ length: 200 }, () => 1);
  const short = [...Array.from({ length: 20 }, () => 1), 4]; // one row of the two in the eleventh bin
  const point = lossOf(lossArm('base', [long, short]))[10];
  assert.deepEqual([point!.step, point!.mean, point!.n], [220, 2.5, 2]);
});

test('adding an arm changes no points of another', () => {
  const arm = lossArm('wn', [falling(150, 0), falling(130, 1)]);
  const alone = lossOf(arm);
  const beside = lossOf(lossArm('longer', [falling(700, 3)]), arm, lossArm('short', [falling(2, 3)]));
  assert.deepEqual(
    beside.filter((point) => point.arm === 'wn'),
    alone,
  );
});

test('an arm keeps its points and its slot when not all arms are shown', () => {
  const arms = [lossArm('base', [falling(7, 0)]), lossArm('none', []), lossArm('wn', [falling(7, 1)])];
  const all = curvesOf(arms, ['loss'], 'ci');
  assert.deepEqual(all.arms, [
    { name: 'base', seeds: 1, slot: 0, binSteps: ROW },
    { name: 'wn', seeds: 1, slot: 2, binSteps: ROW },
  ]);
  const one = curvesOf(arms, ['loss'], 'ci', { shown: ['wn'] });
  assert.deepEqual(one.arms, [all.arms[1]]);
  assert.deepEqual(
    one.columns[0]!.points,
    all.columns[0]!.points.filter(({ arm }) => arm === 'wn'),
  );
});

test('a band holds the mean; it is the t interval, a deviation, or the extremes', () => {
  for (const values of [
    [0.1, 0.1, 0.1],
    [1, 2, 4],
    [-3, 1e-9],
    [0.7, 0.7, 0.1],
  ]) {
    for (const band of bands) {
      const { mean, low, high } = summarise(values, band);
      assert.ok(low !== null && high !== null && low <= mean && mean <= high, `${values} ${band}`);
    }
  }
  const values = [1, 2, 4, 5];
  const { low, high } = summarise(values, 'ci');
  assert.deepEqual([low, high], tInterval(values, 0.95));
  assert.deepEqual(summarise([1, 3], 'sd'), { mean: 2, low: 2 - Math.SQRT2, high: 2 + Math.SQRT2 });
  assert.deepEqual(summarise(values, 'range'), { mean: 3, low: 1, high: 5 });
});

test('the clipped share is shown where something is clipped', () => {
  const [free, clipped] = [lossArm('wn', [[1]]), lossArm('wn-clip', [[1]], { clip: 0.5 })];
  assert.deepEqual(defaultColumns([free]), ['loss', 'accuracy', 'val_accuracy', 'grad_norm']);
  assert.deepEqual(defaultColumns([free, clipped]).at(-1), 'clip_fraction');
});

test('every column of the CSVs can be plotted; another is refused with the nearest', () => {
  const columns: readonly Column[] = curveColumns.map(parseColumn);
  assert.equal(columns.length, 13);
  assert.equal(curvesOf([lossArm('wn', [falling(6, 0)])], columns, 'ci').columns.length, 13);
  assert.throws(
    () => parseColumn('val_acuracy'),
    (error) =>
      error instanceof UserError &&
      error.code === 'E_USAGE' &&
      error.message.includes('nearest: val_accuracy') &&
      error.hint?.includes('grad_norm_clipped') === true,
  );
});

test('nothing to plot is an error that says what to do', () => {
  const hasHint = (code: string) => (error: unknown) =>
    error instanceof UserError && error.code === code && error.hint !== undefined;
  assert.throws(() => curvesOf([], ['loss'], 'ci'), hasHint('E_RUN'));
  assert.throws(() => curvesOf([lossArm('wn', [])], ['loss'], 'ci'), hasHint('E_RUN'));
  assert.throws(() => curvesOf([lossArm('wn', [[1]])], ['loss'], 'ci', { shown: [] }), hasHint('E_RUN'));
  assert.throws(() => curvesOf([lossArm('wn', [[]])], ['loss'], 'ci'), hasHint('E_DATA'));
  assert.throws(() => curvesOf([lossArm('wn', [[Number.NaN], []])], ['loss'], 'ci'), hasHint('E_DATA'));
});

test('over epochs a step is its share of the steps of an epoch, for each arm its own', () => {
  const [own, bundled] = [
    lossArm('own', [falling(6, 0)], { data: '/letters' }), // its first epoch ends at step 30
    lossArm('short', [falling(2, 0)], { steps: 20, batch: 550 }), // of 100 steps, none of which ended
  ];
  const xOf = (arm: typeof own): number[] =>
    curvesOf([arm], ['loss'], 'ci', { x: 'epoch' }).columns[0]!.points.map(({ x }) => x);
  assert.deepEqual(
    xOf(own),
    [10, 20, 30, 40, 50, 60].map((step) => step / 30),
  );
  assert.deepEqual(xOf(bundled), [0.1, 0.2]);
});

test('the bundled MNIST has as many training examples as its epochs are reckoned with', () => {
  assert.equal(readDataset(null).train.count, MNIST_TRAIN);
});

test('the end of a run of so many steps is not taken for the end of an epoch', () => {
  const arm = lossArm('short', [falling(3, 0)], { steps: 30 });
  assert.equal(stepsPerEpoch(arm), Math.floor(MNIST_TRAIN / 64));
  assert.equal(stepsPerEpoch({ ...arm, config: { ...arm.config, data: '/letters' } }), null);
  assert.equal(stepsPerEpoch(lossArm('long', [falling(4, 0)], { steps: 40 })), 30);
});

test('an arm whose epochs are not known is left out over epochs, and refused where it is the only one', () => {
  const arms = [lossArm('wn', [falling(4, 0)]), lossArm('own', [falling(2, 0)], { data: '/letters' })];
  const curves = curvesOf(arms, ['loss'], 'ci', { x: 'epoch' });
  assert.deepEqual([curves.arms.map(({ name }) => name), curves.leftOut], [['wn'], ['own']]);
  assert.throws(() => curvesOf(arms.slice(1), ['loss'], 'ci', { x: 'epoch' }), { code: 'E_DATA' });
});

test('over seconds a point stands at the mean time of the seeds there, and time never runs back', () => {
  const arm = lossArm('wn', [falling(6, 0), falling(6, 1), falling(3, 2)]);
  const pace = [1, 3, 8]; // the slowest run ends first
  const runs = arm.runs.map((run, seed) => ({
    ...run,
    steps: run.steps.map((row, at) => ({ ...row, elapsed_seconds: pace[seed]! * (at + 1) })),
  }));
  const { points } = curvesOf([{ ...arm, runs }], ['loss'], 'ci', { x: 'seconds' }).columns[0];
  assert.deepEqual(
    points.map(({ x }) => x),
    [4, 8, 12, 14, 16, 18],
  );
});
