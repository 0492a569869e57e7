/** @file Notes, labels and legends of curves, and their points as CSV. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'csv-parse/sync';
import { armLabel, curveLegend, curveNotes, curvesCsv } from './curve-notes.js';
import { type Column, curvesOf } from './curves.js';
import { falling, goldenCurves, lossArm } from './curves.testing.js';
import { xAxes } from './x-axis.js';

test('if some runs end early, n decreases and the label shows it', () => {
  const arm = lossArm('base', [falling(6, 0), falling(6, 1), falling(4, 2)]);
  assert.deepEqual(
    curvesOf([arm], ['loss'], 'ci').columns[0]!.points.map(({ n }) => n),
    [3, 3, 3, 3, 2, 2],
  );
  const curves = curvesOf([arm, lossArm('wn', [falling(6, 0)])], ['loss'], 'ci');
  assert.equal(armLabel(curves, curves.arms[0]!), 'base (3 seeds, 2 to the end)');
  assert.equal(armLabel(curves, curves.arms[1]!), 'wn (1 seed)');
});

test('non-finite values are not plotted but counted; missing values are ignored', () => {
  const arm = lossArm('base', [
    [1, null, Number.NaN],
    [3, 4, Number.POSITIVE_INFINITY],
  ]);
  const curves = curvesOf([arm], ['loss', 'val_loss'], 'range');
  assert.deepEqual(
    curves.columns[0]!.points.map(({ mean, n }) => [mean, n]),
    [
      [2, 2],
      [4, 1],
    ],
  );
  assert.deepEqual(curveNotes(curves), [
    'loss: 2 non-finite values are not shown.',
    'val_loss is not shown: it has no finite value.',
  ]);
});

test('the legend explains the band if there is one', () => {
  assert.deepEqual(curveLegend(goldenCurves()), ['mean over seeds; band: 95 % interval of the mean']);
  assert.deepEqual(curveLegend(goldenCurves(), null), ['mean over seeds']);
  assert.deepEqual(curveLegend(curvesOf([lossArm('wn', [[1]])], ['loss'], 'sd')), []);
});

test('the CSV contains the points of the curves, and the x axis as last column if it is not steps', () => {
  const arms = [lossArm('a,"b"\nc', [falling(7, 0), falling(6, 1)]), lossArm('wn', [falling(5, 2)])];
  const number = (cell: string): number | null => (cell === '' ? null : Number(cell));
  for (const axis of xAxes) {
    const curves = curvesOf(arms, ['loss', 'val_accuracy'], 'ci', { x: axis });
    const text = curvesCsv(curves);
    assert.equal(
      text.split('\n', 1)[0],
      `column,arm,step,mean,low,high,n${axis === 'step' ? '' : `,${axis}`}`,
    );
    const rows = (parse(text, { columns: true }) as Record<string, string>[]).map((row) => ({
      column: row.column,
      arm: row.arm,
      step: number(row.step!),
      x: number(row[axis]!),
      mean: number(row.mean!),
      low: number(row.low!),
      high: number(row.high!),
      n: number(row.n!),
    }));
    assert.deepEqual(
      rows,
      curves.columns.flatMap(({ column, points }) => points.map((point) => ({ column, ...point }))),
    );
  }
});

test('the legend mentions smoothing, and a note mentions smoothing without effect', () => {
  const smoothed = (column: Column, smooth: number, rows = 9) =>
    curvesOf([lossArm('wn', [falling(rows, 0)])], [column], 'ci', { smooth });
  assert.deepEqual(curveLegend(smoothed('loss', 40)), ['training curves: mean over the last 40 steps']);
  assert.deepEqual(curveNotes(smoothed('loss', 40)), []);
  assert.match(curveNotes(smoothed('loss', 30, 250))[0]!, /has no effect: .* over 30 steps or more/);
  assert.match(curveNotes(smoothed('val_loss', 40))[0]!, /has no effect: no column of steps\.csv/);
  assert.deepEqual(curveLegend(smoothed('val_loss', 40)), []);
});

test('an arm without positions on the x axis is excluded with a note', () => {
  const arms = [lossArm('wn', [falling(4, 0)]), lossArm('own', [falling(2, 0)], { data: '/letters' })];
  const [note] = curveNotes(curvesOf(arms, ['loss'], 'ci', { x: 'epoch' }));
  assert.match(note!, /^own is not shown: it has no completed epoch/);
});
