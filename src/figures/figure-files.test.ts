/** @file Laws of figure files: reproducible bytes, and complete text. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Resvg } from '@resvg/resvg-js';
import { compare } from '../compare/compare.js';
import { syntheticArm } from '../compare/comparison.testing.js';
import { assertSameText } from '../end-to-end/same-text.testing.js';
import { packageRoot } from '../package.js';
import { curvesOf } from './curves.js';
import { goldenCurves, lossArm } from './curves.testing.js';
import { figureSpec } from './figure.js';
import {
  type Figure,
  figureFormats,
  figureJson,
  figurePng,
  figureSvg,
  formatOf,
  renderFigure,
} from './figure-files.js';
import { fontPath, readWidths } from './font.js';
import { forestSpec } from './forest.js';
import { xAxes } from './x-axis.js';

const heading = { title: 'Weight normalisation <&>', subtitle: 'three seeds against one' };

test('the golden figure is unchanged', async () => {
  const golden = readFileSync(join(packageRoot, 'src/figures/figure.golden.svg'), 'utf8');
  assertSameText(
    await figureSvg(figureSpec(goldenCurves(), heading)),
    golden,
    'figure.golden.svg (after an intended change: run node scripts/fixtures/figure.mjs, and look at the figure)',
  );
});

test('the same curves give the same bytes', async () => {
  const svgs = [
    await figureSvg(figureSpec(goldenCurves(), null)),
    await figureSvg(figureSpec(goldenCurves(), null)),
  ];
  assertSameText(svgs[0]!, svgs[1]!, 'the SVG');
  const pngs = [await figurePng(svgs[0]!), await figurePng(svgs[1]!)];
  assert.ok(Buffer.from(pngs[0]!).equals(pngs[1]!));
  assert.deepEqual([...pngs[0]!.subarray(1, 4)], [...Buffer.from('PNG')]);
});

test('the SVG contains every text of a figure completely', async () => {
  const svg = await figureSvg(figureSpec(goldenCurves(), heading));
  for (const text of [
    'Weight normalisation &lt;&amp;&gt;',
    'three seeds against one',
    'training loss',
    'validation accuracy',
    'step',
    'base (3 seeds)',
    'wn &amp; clip (1 seed)',
    'mean over seeds; band: 95 % interval of the mean',
  ]) {
    assert.ok(svg.includes(`>${text}</text>`), text);
  }
});

test('all labels of a linear axis have the same number of decimals', async () => {
  const accuracies = (end: number): number[][] => [
    [0.2, 0.9, end - 0.006, end].map((accuracy) => 1 / accuracy - 1),
  ];
  const arms = [
    lossArm('base', [[4, 4, 4, 3]]),
    lossArm('wn', accuracies(0.953)),
    lossArm('clip', accuracies(0.944)),
  ];
  for (const x of xAxes) {
    const curves = curvesOf(arms, ['accuracy', 'loss'], 'ci', { x });
    const svg = await figureSvg(figureSpec(curves, null));
    const axes = svg.split('class="mark-group role-axis"').slice(1);
    const ofAxes = axes.map((axis) => [
      ...new Set(
        [...axis.matchAll(/>[\d,]+(\.\d+)?%?<\/text>/g)].map(([, rest]) => (rest ?? '.').length - 1),
      ),
    ]);
    assert.ok(ofAxes.length > 3);
    for (const decimals of ofAxes) assert.ok(decimals.length <= 1, `${x}: ${decimals}`);
  }
});

test('the legend contains all of many arms', async () => {
  const arms = Array.from({ length: 45 }, (_, arm) => lossArm(`arm ${arm}`, [[2, 1 + arm / 50]]));
  const svg = await figureSvg(figureSpec(curvesOf(arms, ['loss'], 'ci'), null));
  for (const { name } of arms) assert.ok(svg.includes(`>${name} (1 seed)</text>`), name);
});

test('names of arms above facets do not overlap', async () => {
  const name = 'n'.repeat(50);
  const curves = curvesOf([lossArm(name, [[2, 1]])], ['loss', 'accuracy'], 'ci');
  const svg = await figureSvg(figureSpec(curves, null, { facet: true }));
  const starts = [...svg.matchAll(/transform="translate\((\d+),\d+\)"><path class="background"/g)]
    .map(([, x]) => Number(x))
    .filter((x) => x > 0);
  const lines = [...svg.matchAll(/>([^<]*n{50}[^<]*)<\//g)].map(([, line]) => line);
  assert.ok(lines.length > 0);
  for (const line of lines) assert.ok(Math.max(...starts) > 12 * readWidths()(line!), line); // font size 12
});

test('single points, constants, and curves across zero are drawn without NaN', async () => {
  for (const losses of [
    [[1]],
    [[0, 0, 0, 0]],
    [
      [-1, 2, 3],
      [1, -2],
    ],
    [[1e-30, 1e30]],
    [
      [1e-3, 1e3],
      [2e-3, 1e-3],
    ],
  ]) {
    const svg = await figureSvg(
      figureSpec(curvesOf([lossArm('wn', losses)], ['loss', 'accuracy'], 'ci'), null),
    );
    assert.doesNotMatch(svg, /NaN|Infinity|undefined/, JSON.stringify(losses));
  }
});

test('a zoomed panel without a low arm is drawn', async () => {
  const accurate = (name: string, ...seeds: readonly number[][]) =>
    lossArm(
      name,
      seeds.map((accuracies) => accuracies.map((accuracy) => 1 / accuracy - 1)),
    );
  const arms = [
    accurate('base', [0.1, 0.2, 0.3], [0.1, 0.2, 0.5]),
    accurate('wn', [0.9, 0.97, 0.97], [0.9, 0.97, 0.972]),
    accurate('clip', [0.9, 0.97, 0.975], [0.9, 0.97, 0.976]),
  ];
  const svg = await figureSvg(figureSpec(curvesOf(arms, ['val_accuracy'], 'sd'), null));
  assert.match(svg, /zoom on the top 2 of 3 arms/);
  assert.ok((await figurePng(svg)).length > 0);
});

test('numbers on axes have a minus sign, not a hyphen, also in exponents', async () => {
  const svgs = await Promise.all(
    [[[-2, 1, 3]], [[1e-9, 1e-3]]].map((losses) =>
      figureSvg(figureSpec(curvesOf([lossArm('wn', losses)], ['loss'], 'ci'), null)),
    ),
  );
  const numbers = svgs.flatMap((svg) =>
    [...svg.matchAll(/>([^<]*\d[^<]*)<\/text>/g)].map(([, text]) => text),
  );
  assert.ok(numbers.includes('−2') && numbers.includes('1e−9'), String(numbers));
  for (const text of numbers) assert.doesNotMatch(text!, /-/);
});

test('the width of text agrees with the drawn text', () => {
  const widthOf = readWidths();
  const font = { loadSystemFonts: false, fontFiles: [fontPath()] };
  for (const text of ['mmmm', 'iiii', 'training loss', '95 % ±']) {
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="900" height="99"><text x="9" y="50" font-family="DejaVu Sans" font-size="50">${text}</text></svg>`;
    const drawn = new Resvg(svg, { font }).getBBox()?.width ?? 0;
    // The advance width includes the space at both ends of a text.
    assert.ok(drawn <= 50 * widthOf(text) && drawn > 50 * widthOf(text) - 12, `${text}: ${drawn}`);
  }
});

test('the Vega-Lite specification is the complete figure, with one row per line', () => {
  const arms = [syntheticArm('base', [0.9, 0.8]), syntheticArm('wn', [0.95, 0.9])];
  const comparison = compare({
    arms,
    comparisons: [['wn', 'base']],
    exploratory: [],
    margin: 0.005,
    notes: [],
  });
  for (const spec of [figureSpec(goldenCurves(), heading), forestSpec(comparison, heading)]) {
    const text = figureJson(spec);
    assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(spec)));
    for (const row of Object.values(spec.datasets).flat())
      assert.ok(text.includes(`\n      ${JSON.stringify(row)}`));
  }
});

test('the extension of a file selects its format', () => {
  for (const format of figureFormats) assert.equal(formatOf(`runs/x.y/curves.${format}`), format);
  for (const path of ['curves', 'curves.json', 'curves.SVG', 'svg', 'curves.svg.gz']) {
    assert.equal(formatOf(path), undefined);
  }
});

test('a figure is rendered in every format', async () => {
  const spec = figureSpec(goldenCurves(), heading);
  const figure: Figure = { title: 'A <title>', spec, interactive: spec, narrow: null, usage: 'Point at it.' };
  const starts = { svg: '<svg', png: '\ufffdPNG', 'vl.json': '{', html: '<!doctype html>' };
  for (const format of figureFormats) {
    const text = Buffer.from(await renderFigure(figure, format)).toString();
    assert.ok(text.startsWith(starts[format]), format);
    if (format === 'html') assert.match(text, /<title>A &lt;title&gt;<\/title>[\s\S]*Point at it\./);
  }
});
