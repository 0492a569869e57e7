/** @file Curves: bins, bands, what is left out, and the numbers as CSV. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'csv-parse/sync';
import { UserError } from '../errors.js';
import {
  armLabel,
  bandLabel,
  bands,
  type Column,
  curveColumns,
  curveNotes,
  curvesCsv,
  curvesOf,
  defaultColumns,
  parseColumn,
  summarise,
} from './curves.js';
import { falling, goldenCurves, lossArm, ROW } from './curves.testing.js';
import { tInterval } from './stats.js';

const lossOf = (...arms: Parameters<typeof curvesOf>[0]) => curvesOf(arms, ['loss'], 'ci').columns[0].points;

test('the curve of one run is the run, without a band', () => {
  const losses = falling(80, 1);
  assert.deepEqual(
    lossOf(lossArm('wn', [losses])),
    losses.map((loss, row) => ({
      arm: 'wn',
      step: ROW * (row + 1),
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

test('a long curve is means of whole rows over equal bins, the last one as short as the run', () => {
  const losses = Array.from({ length: 250 }, (_, row) => row);
  const points = lossOf(lossArm('wn', [losses]));
  assert.deepEqual(
    points.map(({ step, mean }) => [step, mean]),
    Array.from({ length: 84 }, (_, bin) => (bin < 83 ? [30 * (bin + 1), 3 * bin + 1] : [2500, 249])),
  );
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
  assert.deepEqual([point.step, point.mean, point.n], [220, 2.5, 2]);
});

test('where runs end early, n falls, and the label says so', () => {
  const arm = lossArm('base', [falling(6, 0), falling(6, 1), falling(4, 2)]);
  assert.deepEqual(
    lossOf(arm).map(({ n }) => n),
    [3, 3, 3, 3, 2, 2],
  );
  const curves = curvesOf([arm, lossArm('wn', [falling(6, 0)])], ['loss'], 'ci');
  assert.equal(armLabel(curves, 0), 'base (3 seeds, 2 to the end)');
  assert.equal(armLabel(curves, 1), 'wn (1 seed)');
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
    { name: 'base', seeds: 1, slot: 0 },
    { name: 'wn', seeds: 1, slot: 2 },
  ]);
  const one = curvesOf(arms, ['loss'], 'ci', ['wn']);
  assert.deepEqual(one.arms, [all.arms[1]]);
  assert.deepEqual(
    one.columns[0].points,
    all.columns[0].points.filter(({ arm }) => arm === 'wn'),
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

test('what is not finite is left out and counted; what was not measured is not there', () => {
  const arm = lossArm('base', [
    [1, null, Number.NaN],
    [3, 4, Number.POSITIVE_INFINITY],
  ]);
  const curves = curvesOf([arm], ['loss', 'val_loss'], 'range');
  assert.deepEqual(
    curves.columns[0].points.map(({ mean, n }) => [mean, n]),
    [
      [2, 2],
      [4, 1],
    ],
  );
  assert.deepEqual(curveNotes(curves), [
    'loss: 2 cells that are not finite left out.',
    'val_loss has no finite number and is not shown.',
  ]);
});

test('the band has a name where there is one', () => {
  assert.equal(bandLabel(goldenCurves()), 'mean over seeds; band: 95 % interval of the mean');
  assert.equal(bandLabel(curvesOf([lossArm('wn', [[1]])], ['loss'], 'sd')), null);
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
  assert.throws(() => curvesOf([lossArm('wn', [[1]])], ['loss'], 'ci', []), hasHint('E_RUN'));
  assert.throws(() => curvesOf([lossArm('wn', [[]])], ['loss'], 'ci'), hasHint('E_DATA'));
  assert.throws(() => curvesOf([lossArm('wn', [[Number.NaN], []])], ['loss'], 'ci'), hasHint('E_DATA'));
});

test('the CSV reads back to the points of the curves', () => {
  const arms = [lossArm('a,"b"\nc', [falling(7, 0), falling(6, 1)]), lossArm('wn', [falling(5, 2)])];
  const curves = curvesOf(arms, ['loss', 'val_accuracy'], 'ci');
  const number = (cell: string): number | null => (cell === '' ? null : Number(cell));
  const rows = (parse(curvesCsv(curves), { columns: true }) as Record<string, string>[]).map((row) => ({
    column: row.column,
    arm: row.arm,
    step: number(row.step),
    mean: number(row.mean),
    low: number(row.low),
    high: number(row.high),
    n: number(row.n),
  }));
  assert.deepEqual(
    rows,
    curves.columns.flatMap(({ column, points }) => points.map((point) => ({ column, ...point }))),
  );
});
