/** @file What a figure shows of curves: panels, scales, strokes, names. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Column, type Curves, curvesOf } from './curves.js';
import { falling, goldenCurves, lossArm } from './curves.testing.js';
import { figureSpec } from './figure.js';
import { strokeOf } from './figure-style.js';
import { decades, panelOf } from './panel.js';

const panelsOf = (curves: Curves) => curves.columns.map(panelOf).filter((panel) => panel !== null);
const lossPanel = (...losses: number[][]) => panelsOf(curvesOf([lossArm('wn', losses)], ['loss'], 'ci'))[0];
const rowsIn = (curves: Curves) => figureSpec(curves, null).datasets.curves;

test('up to 49 arms no two look the same, and up to seven differ in colour and in dash', () => {
  const strokes = Array.from({ length: 49 }, (_, arm) => strokeOf(arm));
  assert.equal(new Set(strokes.map(({ color, dash }) => `${color} ${dash}`)).size, 49);
  assert.equal(new Set(strokes.slice(0, 7).map(({ color }) => color)).size, 7);
  assert.equal(new Set(strokes.slice(0, 7).map(({ dash }) => String(dash))).size, 7);
});

test('an arm keeps its colour and dash when not all arms are shown', () => {
  const arms = ['base', 'wn', 'clip'].map((name) => lossArm(name, [[2, 1]]));
  const looks = (...shown: string[]): Map<unknown, string> => {
    const text = JSON.stringify(figureSpec(curvesOf(arms, ['loss'], 'ci', shown), null));
    const scales = [...text.matchAll(/"scale":({"domain":\["[^}]*"range":[^}]*})/g)].map(
      ([, scale]) => JSON.parse(scale) as { domain: string[]; range: unknown[] },
    );
    assert.ok(scales.length >= 2); // colour and dash
    return new Map(
      scales[0].domain.map((name, arm) => [name, JSON.stringify(scales.map(({ range }) => range[arm]))]),
    );
  };
  const all = looks('base', 'wn', 'clip');
  for (const name of arms.map((arm) => arm.name)) {
    const label = `${name} (1 seed)`;
    assert.equal(looks(name).get(label), all.get(label));
  }
  assert.equal(new Set(all.values()).size, 3);
});

test('a loss is logarithmic when it spans more than two decades, all above zero', () => {
  assert.equal(lossPanel([1, 0.01]).log, false);
  assert.equal(lossPanel([1, 0.009]).log, true);
  assert.equal(lossPanel([1, 0]).log, false);
  const [accuracy] = panelsOf(curvesOf([lossArm('wn', [[1e4, 0]])], ['accuracy'], 'ci'));
  assert.equal(accuracy.log, false);
});

test('a domain holds every mean, and is never empty or outside of what can be', () => {
  for (const losses of [[[1, 0.2]], [[5e4, 0.2], [3]], [[7]], [[0]], [[-2, -2]], [[0, 0], [9]]]) {
    for (const column of ['loss', 'accuracy', 'clip_fraction', 'lr'] as const satisfies readonly Column[]) {
      const [{ domain, log, percent, curve }] = panelsOf(curvesOf([lossArm('wn', losses)], [column], 'ci'));
      const [low, high] = domain;
      assert.ok(low < high, `${column} ${losses}: ${domain}`);
      assert.ok(!percent || (low >= 0 && high <= 1), `${column} ${losses}: ${domain}`);
      assert.ok(!log || low > 0, `${column} ${losses}: ${domain}`);
      for (const { mean } of curve.points) assert.ok(low <= mean * (1 + 1e-12) && mean <= high * (1 + 1e-12));
    }
  }
});

test('a band far wider than the curves does not press them flat', () => {
  const { domain } = lossPanel([1, 1.1, 1.2], [1, 1.1, 101.2]); // the interval of the last is ± 630
  assert.ok(domain[1] < 110, String(domain));
});

test('decades are powers of ten inside the domain, at most eight', () => {
  assert.deepEqual(decades([0.02, 300]), [0.1, 1, 10, 100]);
  assert.ok(decades([1e-30, 1e30]).length <= 8);
});

test('a figure has a panel a column and leaves out those without a number', () => {
  const curves = curvesOf([lossArm('wn', [[2, 1]])], ['loss', 'val_loss', 'accuracy'], 'ci');
  const { concat, datasets } = figureSpec(curves, null);
  assert.equal((concat as unknown[]).length, 2);
  assert.equal(datasets.curves.length, 4);
});

test('the rows of a figure are the points of the curves', () => {
  const curves = goldenCurves();
  assert.deepEqual(
    rowsIn(curves).map(({ arm: _, ...row }) => row),
    curves.columns.flatMap(({ column, points }) =>
      points.map(({ arm: _, ...point }) => ({ column, ...point })),
    ),
  );
});

test('a long name loses its middle, unless two would then be the same', () => {
  const namesOf = (...names: string[]): Set<unknown> =>
    new Set(
      rowsIn(
        curvesOf(
          names.map((name) => lossArm(name, [[1]])),
          ['loss'],
          'ci',
        ),
      ).map(({ arm }) => arm),
    );
  const long = `start ${'x'.repeat(99)} end`;
  const [shortened] = namesOf(long, 'wn');
  assert.match(String(shortened), /^start x+…x+ end \(1 seed\)$/);
  assert.equal(String(shortened).length, 61);
  const alike = `start ${'x'.repeat(98)}yx end`.replace('xyx', 'yxx');
  assert.equal(namesOf(`${'x'.repeat(40)}1${'x'.repeat(40)}`, `${'x'.repeat(40)}2${'x'.repeat(40)}`).size, 2);
  assert.equal(namesOf(long, alike).size, 2);
});

test('only an interactive figure has parameters', () => {
  const curves = curvesOf([lossArm('wn', [falling(9, 0)])], ['loss', 'val_loss'], 'ci');
  assert.doesNotMatch(JSON.stringify(figureSpec(curves, null)), /"params?"|"tooltip"/);
  assert.match(JSON.stringify(figureSpec(curves, null, { interactive: true })), /"params".*"tooltip"/);
});

test('facets show each arm alone, every column on the same scale', () => {
  const arms = [lossArm('base', [[2, 1]]), lossArm('wn', [[3, 0.5]])];
  const { concat, columns } = figureSpec(curvesOf(arms, ['loss', 'accuracy'], 'ci'), null, { facet: true });
  const panels = concat as { transform: unknown[]; encoding: { y: { title: string; scale: unknown } } }[];
  assert.equal(columns, 2);
  assert.deepEqual(
    panels.map(({ encoding }) => encoding.y.title),
    ['base', 'wn'].flatMap((arm) => [`${arm} (1 seed): training loss`, `${arm} (1 seed): training accuracy`]),
  );
  assert.deepEqual(panels[0].encoding.y.scale, panels[2].encoding.y.scale);
  assert.deepEqual(panels[2].transform[1], { filter: { field: 'arm', equal: 'wn (1 seed)' } });
});
