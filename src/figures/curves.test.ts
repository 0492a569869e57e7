/** @file Laws of curves: bins, bands and axes. */

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

test('the curve of a single run is its rows, without a band', () => {
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

test('a column comes from steps.csv, or from metrics.csv if steps.csv lacks it', () => {
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

test('a long curve averages complete rows over equal bins, and the last bin is not short', () => {
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
    [2510, 249.5], // two of three rows are more than half of a bin
  ]);
  assert.deepEqual(ends(250), [
    [2460, 244],
    [2500, 247.5], // one of three rows is less than half: it joins the previous bin
  ]);
});

test('a last row with few steps joins the previous row, and counts with its number of steps', () => {
  const withLast = (steps: number) => {
    const arm = lossArm('wn', [[1, 1, 1, 9]]);
    const rows = arm.runs[0]!.steps.map((row, at) => (at === 3 ? { ...row, step: 30 + steps } : row));
    return lossOf({ ...arm, runs: [{ ...arm.runs[0]!, steps: rows }] }).map(({ step, mean }) => [step, mean]);
  };
  assert.deepEqual(withLast(4).at(-1), [34, 1 + (8 * 4) / 14]);
  assert.equal(withLast(4).length, 3);
  assert.deepEqual(withLast(5).at(-1), [35, 9]);
  assert.equal(withLast(5).length, 4);
});

test('a curve of at least 50 rows has 50 to 100 points', () => {
  for (const rows of [50, 86, 100, 101, 199, 200, 201, 430, 999, 1001, 5000]) {
    const { length } = lossOf(lossArm('wn', [Array.from({ length: rows }, () => 1)]));
    assert.ok(length >= 50 && length <= 100, `${rows} rows, ${length} points`);
  }
});

test('all seeds have the same weight, whatever their number of rows in a bin', () => {
  const long = Array.from({ length: 200 }, () => 1);
  const short = [...Array.from({ length: 20 }, () => 1), 4]; // one of the two rows of the eleventh bin
  const point = lossOf(lossArm('base', [long, short]))[10];
  assert.deepEqual([point!.step, point!.mean, point!.n], [220, 2.5, 2]);
});

test('adding an arm does not change the points of other arms', () => {
  const arm = lossArm('wn', [falling(150, 0), falling(130, 1)]);
  const alone = lossOf(arm);
  const beside = lossOf(lossArm('longer', [falling(700, 3)]), arm, lossArm('short', [falling(2, 3)]));
  assert.deepEqual(
    beside.filter((point) => point.arm === 'wn'),
    alone,
  );
});

test('the points and the style of an arm do not depend on which other arms are shown', () => {
  const arms = [lossArm('base', [falling(7, 0)]), lossArm('none', []), lossArm('wn', [falling(7, 1)])];
  const all = curvesOf(arms, ['loss'], 'ci');
  assert.deepEqual(all.arms, [
    { name: 'base', seeds: 1, styleIndex: 0, binSteps: ROW },
    { name: 'wn', seeds: 1, styleIndex: 2, binSteps: ROW },
  ]);
  const one = curvesOf(arms, ['loss'], 'ci', { shown: ['wn'] });
  assert.deepEqual(one.arms, [all.arms[1]]);
  assert.deepEqual(
    one.columns[0]!.points,
    all.columns[0]!.points.filter(({ arm }) => arm === 'wn'),
  );
});

test('a band contains the mean; it is the t interval, the standard deviation, or the range', () => {
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

test('the clipped fraction is shown by default if an arm clips gradients', () => {
  const [free, clipped] = [lossArm('wn', [[1]]), lossArm('wn-clip', [[1]], { clip: 0.5 })];
  assert.deepEqual(defaultColumns([free]), ['loss', 'accuracy', 'val_accuracy', 'grad_norm']);
  assert.deepEqual(defaultColumns([free, clipped]).at(-1), 'clip_fraction');
});

test('every column of the CSV files can be plotted; an unknown one is an error with the nearest name', () => {
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

test('nothing to plot is an error with a hint', () => {
  const hasHint = (code: string) => (error: unknown) =>
    error instanceof UserError && error.code === code && error.hint !== undefined;
  assert.throws(() => curvesOf([], ['loss'], 'ci'), hasHint('E_RUN'));
  assert.throws(() => curvesOf([lossArm('wn', [])], ['loss'], 'ci'), hasHint('E_RUN'));
  assert.throws(() => curvesOf([lossArm('wn', [[1]])], ['loss'], 'ci', { shown: [] }), hasHint('E_RUN'));
  assert.throws(() => curvesOf([lossArm('wn', [[]])], ['loss'], 'ci'), hasHint('E_DATA'));
  assert.throws(() => curvesOf([lossArm('wn', [[Number.NaN], []])], ['loss'], 'ci'), hasHint('E_DATA'));
});

test("over epochs, the position of a step is its multiple of the arm's steps per epoch", () => {
  const [own, bundled] = [
    lossArm('own', [falling(6, 0)], { data: '/letters' }), // the first epoch ends at step 30
    lossArm('short', [falling(2, 0)], { steps: 20, batch: 550 }), // 100 steps per epoch, and no complete epoch
  ];
  const xOf = (arm: typeof own): number[] =>
    curvesOf([arm], ['loss'], 'ci', { x: 'epoch' }).columns[0]!.points.map(({ x }) => x);
  assert.deepEqual(
    xOf(own),
    [10, 20, 30, 40, 50, 60].map((step) => step / 30),
  );
  assert.deepEqual(xOf(bundled), [0.1, 0.2]);
});

test('the bundled MNIST has MNIST_TRAIN training examples', () => {
  assert.equal(readDataset(null).train.count, MNIST_TRAIN);
});

test('the end of a run with `steps` is not the end of an epoch', () => {
  const arm = lossArm('short', [falling(3, 0)], { steps: 30 });
  assert.equal(stepsPerEpoch(arm), Math.floor(MNIST_TRAIN / 64));
  assert.equal(stepsPerEpoch({ ...arm, config: { ...arm.config, data: '/letters' } }), null);
  assert.equal(stepsPerEpoch(lossArm('long', [falling(4, 0)], { steps: 40 })), 30);
});

test('over epochs, an arm with unknown epochs is excluded, and is an error if it is the only arm', () => {
  const arms = [lossArm('wn', [falling(4, 0)]), lossArm('own', [falling(2, 0)], { data: '/letters' })];
  const curves = curvesOf(arms, ['loss'], 'ci', { x: 'epoch' });
  assert.deepEqual([curves.arms.map(({ name }) => name), curves.excluded], [['wn'], ['own']]);
  assert.throws(() => curvesOf(arms.slice(1), ['loss'], 'ci', { x: 'epoch' }), { code: 'E_DATA' });
});

test('over seconds, the position of a point is the mean time of its seeds, and time never decreases', () => {
  const arm = lossArm('wn', [falling(6, 0), falling(6, 1), falling(3, 2)]);
  const pace = [1, 3, 8]; // the slowest run ends first
  const runs = arm.runs.map((run, seed) => ({
    ...run,
    steps: run.steps.map((row, at) => ({ ...row, elapsed_seconds: pace[seed]! * (at + 1) })),
  }));
  const { points } = curvesOf([{ ...arm, runs }], ['loss'], 'ci', { x: 'seconds' }).columns[0]!;
  assert.deepEqual(
    points.map(({ x }) => x),
    [4, 8, 12, 14, 16, 18],
  );
});
