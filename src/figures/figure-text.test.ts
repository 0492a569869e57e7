/** @file Curves as text: panels, ticks and legend. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { curvesOf } from './curves.js';
import { falling, lossArm } from './curves.testing.js';
import { figureText } from './figure-text.js';
import { xAxes } from './x-axis.js';

const two = curvesOf([lossArm('base', [[4, 3, 2, 1]]), lossArm('wn', [[4, 2, 0, 0]])], ['loss'], 'ci');

test('a panel has ticks, a marker at each point, and dotted lines between points', () => {
  const rows = [
    '        training loss',
    '     4 ┤     o·',
    '       │      ····',
    '       │        · ·*·',
    '       │         ··  ··',
    '     2 ┤           o   ·*·',
    '       │            ·     ··',
    '       │             ··     ·*',
    '       │               ·',
    '     0 ┤                o····o',
    '       └┴──────────┴─────────┴',
    '  step  0         20        40',
    '',
    '* base (1 seed)',
    'o wn (1 seed)',
    '* base and o wn overlap in',
    'places',
  ];
  assert.equal(figureText(two, { width: 30, height: 9 }), rows.join('\n'));
});

test('without room between points, curves are drawn with markers only', () => {
  const dense = curvesOf([lossArm('wn', [falling(20, 0)])], ['loss'], 'ci');
  const body = figureText(dense, { width: 60, height: 9 }).split('\n\n')[0];
  assert.match(body!, /\*\*/);
  assert.doesNotMatch(body!, /·/);
});

test('overlapping curves show both markers', () => {
  const level = [Array.from({ length: 9 }, () => 1)];
  const curves = curvesOf([lossArm('a', level), lossArm('b', level)], ['loss'], 'ci');
  assert.match(figureText(curves, { width: 40, height: 5 }), /┤ +o?(\*o){10,}\*?$/m);
});

test('a note names exactly the overlapping curves', () => {
  const arms = [
    lossArm('base', [[4, 3, 2, 1]]),
    lossArm('wn', [[9, 9, 9, 9]]),
    lossArm('clip', [[5, 3, 1, 0]]),
  ];
  const lastLine = (...shown: string[]): string | undefined =>
    figureText(curvesOf(arms, ['loss'], 'ci', { shown }))
      .split('\n')
      .at(-1);
  assert.equal(lastLine('base', 'wn', 'clip'), '* base and + clip overlap in places');
  assert.equal(lastLine('base', 'wn'), 'o wn (1 seed)');
  assert.equal(lastLine('wn'), 'o wn (1 seed)');
  // Lines that cross between their points do not hide a point.
  const crossing = curvesOf([lossArm('up', [[1, 2]]), lossArm('down', [[2, 1]])], ['loss'], 'ci');
  assert.doesNotMatch(figureText(crossing), /overlap/);
  const many = Array.from({ length: 7 }, (_, arm) => lossArm(`arm-${arm}`, [[arm === 6 ? 2 : 1]]));
  assert.match(figureText(curvesOf(many, ['loss'], 'ci')), /^6 of 7 curves overlap in places$/m);
});

test('the x axis shows its name', () => {
  for (const axis of xAxes) {
    const text = figureText(curvesOf([lossArm('wn', [falling(9, 0)])], ['loss'], 'ci', { x: axis }));
    assert.match(text, new RegExp(`^ *${axis} {1,2}0(\\.0)? `, 'm'));
  }
});

test('numbers have a minus sign, not a hyphen, also in exponents', () => {
  const text = figureText(curvesOf([lossArm('wn', [[-2, 0, 2]])], ['loss'], 'ci'));
  assert.match(text, /^ +−2 ┤/m);
  const small = figureText(curvesOf([lossArm('wn', [[1e-9, 3e-9]])], ['loss'], 'ci'));
  assert.match(small, /^ +[123]e−9 ┤/m);
  assert.doesNotMatch(text + small, /-/);
});

test('the legend starts with the smoothing of curves', () => {
  const curves = curvesOf([lossArm('wn', [falling(9, 0)])], ['loss'], 'ci', { smooth: 50 });
  assert.match(figureText(curves), /\n\ntraining curves: mean over the last 50 steps\n\* wn \(1 seed\)$/);
});

test('a steep curve has no gaps', () => {
  const curves = curvesOf([lossArm('wn', [[0, ...Array.from({ length: 60 }, () => 9)]])], ['loss'], 'ci');
  const body = figureText(curves, { width: 60, height: 12 }).split('\n').slice(1, 13);
  for (const line of body) assert.match(line, /\*/);
});

test('fractions are in percent, and a range of more than two decades is logarithmic', () => {
  const curves = curvesOf([lossArm('wn', [[1000, 1, 0.001]])], ['loss', 'val_accuracy'], 'ci');
  const text = figureText(curves, { width: 60, height: 12 });
  assert.match(text, /training loss \(log scale\)/);
  assert.match(text, / 1,000 ┤.*\n[\s\S]* 0\.001 ┤/);
  assert.match(text, /\d+% ┤/);
});

test('colours apply to markers and legend, and change no text', () => {
  const size = { width: 50, height: 8 };
  const colored = figureText(two, size, { color: (arm, text) => `<${arm}>${text}</>` });
  assert.match(colored, /<1>o wn \(1 seed\)<\/>/);
  assert.match(colored, /<0>\*<\/>/);
  assert.equal(colored.replace(/<\/?\d?>/g, ''), figureText(two, size));
});

test('a panel fits the width and has the minimum height', () => {
  const arms = [lossArm('base', [falling(80, 0)]), lossArm('wn', [[1e-7, 12_345_678, 3]])];
  for (const width of [1, 24, 39, 80, 200]) {
    for (const column of ['loss', 'accuracy', 'lr', 'step'] as const) {
      const text = figureText(curvesOf(arms, [column], 'ci'), { width, height: 3 });
      const panel = text.split('\n\n')[0]!.split('\n');
      assert.equal(panel.length, 7);
      const frame = panel.slice(1); // except the title
      for (const line of frame) assert.ok(line.length <= Math.max(width, 24), `${width}: ${line}`);
    }
  }
});

test('the marker and the colour of an arm do not depend on which other arms are shown', () => {
  const arms = [lossArm('base', [[4, 3]]), lossArm('wn', [[4, 2]])];
  const text = figureText(curvesOf(arms, ['loss'], 'ci', { shown: ['wn'] }), undefined, {
    color: (styleIndex, text) => `<${styleIndex}>${text}`,
  });
  assert.match(text, /<1>o wn \(1 seed\)$/);
  assert.match(text, /┤ *<1>o/);
  assert.doesNotMatch(text, /\*|<0>/);
});

test('single points are drawn, and every arm is in the legend', () => {
  const arms = Array.from({ length: 20 }, (_, arm) => lossArm(`arm-${arm}`, [[arm]]));
  const text = figureText(curvesOf(arms, ['loss'], 'ci'));
  const markers = arms.map(({ name }) => new RegExp(`^(.) ${name} \\(1 seed\\)$`, 'm').exec(text)?.[1]);
  assert.equal(new Set(markers).size, 20);
});

/** The labels of the y axis of the first panel. */
function labelsOf(text: string): string[] {
  return [...text.split('\n\n')[0]!.matchAll(/^ *(\S+) ┤/gm)].map(([, label]) => label!);
}

test('a y axis has at least two labels, all with the same number of decimals', () => {
  for (const losses of [
    [0.62, 1.93],
    [1.1, 1.9],
    [1, 1],
    [0.0301, 0.0302],
    [12_345_678, 12_345_679],
    [999, 1001],
    [0.2, 30],
    [-1, 1e-9],
    [2.999, 0.301],
  ]) {
    for (const column of ['loss', 'accuracy'] as const) {
      for (const height of [4, 7, 14, 30]) {
        const curves = curvesOf([lossArm('wn', [losses])], [column], 'ci');
        const labels = labelsOf(figureText(curves, { width: 60, height }));
        assert.ok(labels.length >= 2, `${column} ${losses}, ${height}: ${labels}`);
        const plain = labels.filter((label) => !label.includes('e'));
        const decimals = new Set(plain.map((label) => label.replace('%', '').split('.')[1]?.length ?? 0));
        assert.ok(decimals.size <= 1, `${column} ${losses}, ${height}: ${labels}`);
      }
    }
  }
});

test('the legend breaks lines between words, within the width', () => {
  const names = [
    'wn units=32 lr=0.02 batch=32 clip=0.5 clipMode=value optimizer=sgd',
    'base units=8 lr=0.00001 batch=32 forgetBias=0 optimizer=sgd epochs=12',
  ];
  const level = [Array.from({ length: 9 }, () => 1)];
  const curves = curvesOf(
    names.map((name) => lossArm(name, level)),
    ['loss'],
    'ci',
    { smooth: 50 },
  );
  const legend = figureText(curves, { width: 60, height: 8 }).split('\n\n')[1];
  for (const line of legend!.split('\n')) assert.ok(line.length <= 60, line);
  const words = legend!.replaceAll(/\s+/g, ' ');
  for (const name of names) assert.ok(words.includes(`${name} (1 seed)`), name);
  assert.match(legend!, /^\* wn .*\n {2}\S/m);
});
