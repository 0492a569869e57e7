/** @file Laws of figures of curves: panels, scales, styles and names. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Column, type Curves, curvesOf, defaultColumns } from './curves.js';
import { falling, goldenCurves, lossArm } from './curves.testing.js';
import { figureSpec } from './figure.js';
import { viewsIn } from './figure.testing.js';
import { curveStyle } from './figure-style.js';
import { decades, panelsOf } from './panel.js';
import { xAxes } from './x-axis.js';

function lossPanel(...losses: number[][]) {
  return panelsOf(curvesOf([lossArm('wn', losses)], ['loss'], 'ci'))[0];
}

function rowsIn(curves: Curves) {
  return figureSpec(curves, null).datasets.curves;
}

test('of 49 arms, two share at most one of colour, dash and marker; of 14, none share a marker; of seven, none share anything', () => {
  const styles = Array.from({ length: 49 }, (_, arm) => curveStyle(arm)).map(({ color, dash, marker }) => [
    color,
    String(dash),
    marker,
  ]);
  for (const [arm, looks] of styles.entries()) {
    for (const before of styles.slice(0, arm)) {
      const common = looks.filter((look, index) => look === before[index]);
      assert.ok(common.length <= 1, `${arm}: ${common}`);
    }
  }
  assert.equal(new Set(styles.slice(0, 14).map(([, , marker]) => marker)).size, 14);
  for (const look of [0, 1, 2]) assert.equal(new Set(styles.slice(0, 7).map((one) => one[look])).size, 7);
});

test('the colour and the dash of an arm do not depend on which other arms are shown', () => {
  const arms = ['base', 'wn', 'clip'].map((name) => lossArm(name, [[2, 1]]));
  const looks = (...shown: string[]): Map<unknown, string> => {
    const text = JSON.stringify(figureSpec(curvesOf(arms, ['loss'], 'ci', { shown }), null));
    const scales = [...text.matchAll(/"scale":({"domain":\["[^}]*"range":[^}]*})/g)].map(
      ([, scale]) => JSON.parse(scale!) as { domain: string[]; range: unknown[] },
    );
    assert.ok(scales.length >= 2); // colour and dash
    return new Map(
      scales[0]!.domain.map((name, arm) => [name, JSON.stringify(scales.map(({ range }) => range[arm]))]),
    );
  };
  const all = looks('base', 'wn', 'clip');
  for (const name of arms.map((arm) => arm.name)) {
    const label = `${name} (1 seed)`;
    assert.equal(looks(name).get(label), all.get(label));
  }
  assert.equal(new Set(all.values()).size, 3);
});

test('a loss has a logarithmic scale if it is positive and spans more than two decades', () => {
  assert.equal(lossPanel([1, 0.01])!.log, false);
  assert.equal(lossPanel([1, 0.009])!.log, true);
  assert.equal(lossPanel([1, 0])!.log, false);
  const [accuracy] = panelsOf(curvesOf([lossArm('wn', [[1e4, 0]])], ['accuracy'], 'ci'));
  assert.equal(accuracy!.log, false);
});

test('a domain contains every mean, is not empty, and contains no impossible values', () => {
  for (const losses of [[[1, 0.2]], [[5e4, 0.2], [3]], [[7]], [[0]], [[-2, -2]], [[0, 0], [9]]]) {
    for (const column of ['loss', 'accuracy', 'clip_fraction', 'lr'] as const satisfies readonly Column[]) {
      const [panel] = panelsOf(curvesOf([lossArm('wn', losses)], [column], 'ci'));
      const { domain, log, percent, curve } = panel!;
      const [low, high] = domain;
      assert.ok(low < high, `${column} ${losses}: ${domain}`);
      assert.ok(!percent || (low >= 0 && high <= 1), `${column} ${losses}: ${domain}`);
      assert.ok(!log || low > 0, `${column} ${losses}: ${domain}`);
      for (const { mean } of curve.points) assert.ok(low <= mean * (1 + 1e-12) && mean <= high * (1 + 1e-12));
    }
  }
});

test('a band much wider than the curves does not flatten them', () => {
  const { domain } = lossPanel([1, 1.1, 1.2], [1, 1.1, 101.2])!; // the last interval is ± 630
  assert.ok(domain[1] < 110, String(domain));
});

test('decades are at most eight powers of ten inside the domain', () => {
  assert.deepEqual(decades([0.02, 300]), [0.1, 1, 10, 100]);
  assert.ok(decades([1e-30, 1e30]).length <= 8);
});

test('a figure has a panel per column with values', () => {
  const curves = curvesOf([lossArm('wn', [[2, 1]])], ['loss', 'val_loss', 'accuracy'], 'ci');
  assert.equal(viewsIn(curves, null).flat().length, 2);
  assert.equal(rowsIn(curves)!.length, 4);
});

test('the rows of a figure are the points of the curves', () => {
  const curves = goldenCurves();
  assert.deepEqual(
    rowsIn(curves)!.map(({ arm: _, ...row }) => row),
    curves.columns.flatMap(({ column, points }) =>
      points.map(({ arm: _, x: __, ...point }) => ({ column, ...point })),
    ),
  );
});

test('no name is shortened, and long names have several lines in the legend', () => {
  const names = [
    `start ${'x'.repeat(99)} end`,
    'wn units=32 lr=0.02 batch=32 clip=0.5 clipMode=value optimizer=sgd',
  ];
  const curves = curvesOf(
    names.map((name) => lossArm(name, [[1]])),
    ['loss'],
    'ci',
  );
  assert.deepEqual(
    rowsIn(curves)!.map(({ arm }) => arm),
    names.map((name) => `${name} (1 seed)`),
  );
  for (const [narrow, longest] of [
    [false, 50],
    [true, 36],
  ] as const) {
    const text = JSON.stringify(figureSpec(curves, null, { narrow }));
    const [, json] = /"labelExpr":"(\{.*?\})\[datum\.label\]"/.exec(text) ?? [];
    const lines = JSON.parse(JSON.parse(`"${json}"`)) as Record<string, string[]>;
    assert.equal(lines[`${names[1]} (1 seed)`]!.join(' '), `${names[1]} (1 seed)`);
    for (const line of Object.values(lines).flat()) assert.ok(line.length <= longest, line);
  }
});

test('only an interactive figure has parameters and tooltips', () => {
  const curves = curvesOf([lossArm('wn', [falling(9, 0)])], ['loss', 'val_loss'], 'ci');
  assert.doesNotMatch(JSON.stringify(figureSpec(curves, null)), /"params?"|"tooltip"/);
  assert.match(JSON.stringify(figureSpec(curves, null, { interactive: true })), /"params".*"tooltip"/);
});

test('facets show one row per arm, on common scales', () => {
  const arms = [lossArm('base', [[2, 1]]), lossArm('wn', [[3, 0.5]])];
  const rows = viewsIn(curvesOf(arms, ['loss', 'accuracy'], 'ci'), null, { facet: true });
  assert.deepEqual(
    rows.map((row) => row.map(({ encoding }) => encoding.y.title)),
    ['base', 'wn'].map((arm) => [`${arm} (1 seed): training loss`, `${arm} (1 seed): training accuracy`]),
  );
  assert.deepEqual(rows[0]![0]!.encoding.y.scale, rows[1]![0]!.encoding.y.scale);
  assert.deepEqual(rows[1]![0]!.transform[1], { filter: { field: 'arm', equal: 'wn (1 seed)' } });
});

test('all rows of panels are complete and have the same width', () => {
  const arm = lossArm('wn', [falling(9, 0)], { clip: 0.5 });
  for (const [count, rows] of [
    [1, [1]],
    [2, [2]],
    [3, [2, 1]],
    [4, [2, 2]],
    [5, [2, 2, 1]],
  ] as const) {
    const columns = defaultColumns([arm]).slice(0, count);
    const views = viewsIn(curvesOf([arm], columns, 'ci'), null);
    assert.deepEqual(
      views.map((row) => row.length),
      rows,
    );
    const gap = 72; // between columns
    const widths = views.map((row) => row.reduce((sum, { width }) => sum + width, gap * (row.length - 1)));
    assert.equal(new Set(widths).size, 1, String(widths));
  }
});

test('all panels have the same x axis, from 0 to the last point of any panel', () => {
  const arms = [lossArm('long', [falling(9, 0)]), lossArm('short', [falling(3, 1), falling(3, 2)])];
  for (const axis of xAxes) {
    const curves = curvesOf(arms, ['loss', 'val_accuracy'], 'ci', { x: axis });
    const last = Math.max(...curves.columns.flatMap(({ points }) => points.map(({ x }) => x)));
    const [views] = viewsIn(curves, null);
    assert.equal(views!.length, 2);
    for (const { encoding } of views!) {
      assert.deepEqual(encoding.x, {
        field: axis,
        type: 'quantitative',
        title: { step: 'step', epoch: 'epoch', seconds: 'elapsed time (s)' }[axis],
        scale: { domain: [0, last], nice: false },
        axis: { tickCount: 5, format: { step: ',~r', epoch: ',.1f', seconds: ',.1f' }[axis] },
      });
    }
    const places = rowsIn(curves)!.map((row) => row[axis]);
    assert.deepEqual(
      places,
      curves.columns.flatMap(({ points }) => points.map(({ x }) => x)),
    );
  }
  // The same applies to a single epoch.
  const short = curvesOf(arms, ['val_accuracy'], 'ci', { shown: ['short'] });
  assert.doesNotMatch(JSON.stringify(figureSpec(short, null)), /[xX]Offset|ordinal|"type":"point","padding"/);
});

test('arms with one point each, at the same step, are side by side, and the axis title has the step', () => {
  const once = (name: string, rows: number, config = {}) =>
    lossArm(name, [falling(rows, 1), falling(rows, 2), falling(rows, 4)], config);
  const axesOf = (arms: Parameters<typeof curvesOf>[0], options: Parameters<typeof curvesOf>[3] = {}) =>
    viewsIn(curvesOf(arms, ['loss', 'val_accuracy'], 'ci', options), null)
      .flat()
      .map(({ encoding }) => encoding.x as { type: string; title: string; scale: { domain: unknown } });
  const arms = [once('base', 3), once('wn', 3)];
  const [training, validation, ...zoomed] = axesOf(arms);
  assert.equal(training!.type, 'quantitative');
  assert.equal(validation!.type, 'nominal');
  assert.equal(validation!.title, 'after step 30');
  assert.deepEqual(validation!.scale.domain, ['base (3 seeds)', 'wn (3 seeds)']);
  assert.deepEqual(zoomed, []);
  assert.equal(axesOf(arms, { x: 'epoch' })[1]!.title, 'after epoch 1');
  // A third arm whose epoch ends at another step.
  const [other] = arms.map(({ runs }) =>
    runs.map((run) => ({ ...run, epochs: run.epochs.map((row) => ({ ...row, step: 25 })) })),
  );
  assert.equal(
    axesOf([...arms, { ...arms[0]!, name: 'short', runs: other! }])[1]!.title,
    'after step 25 or 30',
  );
  // The axis is quantitative if all steps are different, or an arm has more points.
  assert.equal(axesOf([arms[0]!, { ...arms[0]!, name: 'short', runs: other! }])[1]!.type, 'quantitative');
  assert.equal(axesOf([...arms, once('long', 6)])[1]!.type, 'quantitative');
  // Names are below the axis, or markers if there is no room for names.
  const text = (name: string): string =>
    JSON.stringify(figureSpec(curvesOf([arms[0]!, once(name, 3)], ['val_accuracy', 'loss'], 'ci'), null));
  assert.match(text('wn'), /; band or bar: 95 %/);
  assert.doesNotMatch(text('wn'), /"labels":false/);
  assert.match(text('w'.repeat(40)), /"labels":false/);
});
