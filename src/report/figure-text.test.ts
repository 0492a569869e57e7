/** @file Curves as text: the picture, its ticks and its legend. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { curvesOf } from './curves.js';
import { falling, lossArm } from './curves.testing.js';
import { figureText } from './figure-text.js';

const two = curvesOf([lossArm('base', [[4, 3, 2, 1]]), lossArm('wn', [[4, 2, 0, 0]])], ['loss'], 'ci');

test('curves are drawn between ticks; where they meet, markers take turns', () => {
  const rows = [
    '        training loss',
    '     4 ┤     o*',
    '       │      oo**',
    '       │        o ***',
    '       │         oo  **',
    '     2 ┤           o   ***',
    '       │            o     **',
    '       │             oo     **',
    '       │               o',
    '     0 ┤                oooooo',
    '       └┴──────────┴─────────┴',
    '        0         20        40',
    '',
    '* base (1 seed)',
    'o wn (1 seed)',
  ];
  assert.equal(figureText(two, { width: 30, height: 9 }), rows.join('\n'));
});

test('curves that lie on each other show both markers', () => {
  const curves = curvesOf([lossArm('a', [[1, 1, 1]]), lossArm('b', [[1, 1, 1]])], ['loss'], 'ci');
  assert.match(figureText(curves, { width: 40, height: 5 }), /┤ +(\*o){11}$/m);
});

test('a steep curve has no gaps', () => {
  const curves = curvesOf([lossArm('wn', [[0, ...Array.from({ length: 60 }, () => 9)]])], ['loss'], 'ci');
  const body = figureText(curves, { width: 60, height: 12 }).split('\n').slice(1, 13);
  for (const line of body) assert.match(line, /\*/);
});

test('a share is in percent, and two decades are logarithmic', () => {
  const curves = curvesOf([lossArm('wn', [[1000, 1, 0.001]])], ['loss', 'val_accuracy'], 'ci');
  const text = figureText(curves, { width: 60, height: 12 });
  assert.match(text, /training loss \(log scale\)/);
  assert.match(text, / 1,000 ┤.*\n[\s\S]* 0\.001 ┤/);
  assert.match(text, /\d+% ┤/);
});

test('colour is laid over markers and legend and changes nothing else', () => {
  const size = { width: 50, height: 8 };
  const colored = figureText(two, size, { color: (arm, text) => `<${arm}>${text}</>` });
  assert.match(colored, /<1>o wn \(1 seed\)<\/>/);
  assert.match(colored, /<0>\*<\/>/);
  assert.equal(colored.replace(/<\/?\d?>/g, ''), figureText(two, size));
});

test('no line of a panel is longer than the width, however narrow, and no panel lower than it can be', () => {
  const arms = [lossArm('base', [falling(80, 0)]), lossArm('wn', [[1e-7, 12_345_678, 3]])];
  for (const width of [1, 24, 39, 80, 200]) {
    for (const column of ['loss', 'accuracy', 'lr', 'step'] as const) {
      const text = figureText(curvesOf(arms, [column], 'ci'), { width, height: 3 });
      const panel = text.split('\n\n')[0].split('\n');
      assert.equal(panel.length, 7);
      const frame = panel.slice(1); // the title may be longer
      for (const line of frame) assert.ok(line.length <= Math.max(width, 24), `${width}: ${line}`);
    }
  }
});

test('an arm keeps its marker and colour when not all arms are shown', () => {
  const arms = [lossArm('base', [[4, 3]]), lossArm('wn', [[4, 2]])];
  const text = figureText(curvesOf(arms, ['loss'], 'ci', ['wn']), undefined, {
    color: (slot, words) => `<${slot}>${words}`,
  });
  assert.match(text, /<1>o wn \(1 seed\)$/);
  assert.match(text, /┤ *<1>o/);
  assert.doesNotMatch(text, /\*|<0>/);
});

test('one point is drawn, and every arm is in the legend', () => {
  const arms = Array.from({ length: 20 }, (_, arm) => lossArm(`arm-${arm}`, [[arm]]));
  const text = figureText(curvesOf(arms, ['loss'], 'ci'));
  const markers = arms.map(({ name }) => new RegExp(`^(.) ${name} \\(1 seed\\)$`, 'm').exec(text)?.[1]);
  assert.equal(new Set(markers).size, 20);
});
