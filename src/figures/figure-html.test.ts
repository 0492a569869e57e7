/** @file Figures in pages: nothing is fetched, no name ends a script, and phones get a figure of their own. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { curvesOf } from './curves.js';
import { goldenCurves, lossArm } from './curves.testing.js';
import { figureSpec } from './figure.js';
import { figureSvg } from './figure-files.js';
import { figureElement, figureHtml } from './figure-html.js';

test('the page loads nothing, and a name cannot end its scripts', () => {
  const arm = lossArm('</script><script src="http://x">', [[2, 1]]);
  const curves = curvesOf([arm], ['loss'], 'ci');
  const html = figureHtml(
    {
      wide: figureSpec(curves, null, { interactive: true }),
      narrow: figureSpec(curves, null, { interactive: true, narrow: true }),
    },
    'wn & <base>',
  );
  assert.match(html, /<title>wn &amp; &lt;base&gt;<\/title>/);
  assert.match(html, /Content-Security-Policy" content="default-src 'none'/);
  assert.equal(html.match(/<script/g)?.length, html.match(/<\/script/g)?.length);
  const outside = html.replace(/<script>[\s\S]*?<\/script>/g, '');
  assert.equal(/<script|<link|src=|href=|url\(|@import/.exec(outside)?.[0], undefined);
  assert.ok(!html.includes('sourceMappingURL'));
});

test('a page tells phones its width, and no figure is wider than it', () => {
  const html = figureHtml({ wide: figureSpec(goldenCurves(), null), narrow: null }, 'wn');
  assert.match(html, /<meta name="viewport" content="width=device-width">/);
  assert.match(html, /\.figure svg\.marks \{ max-width: 100%; height: auto; \}/);
});

test('a figure for phones is as narrow as one, in one column, with all its words and nothing to drag', async () => {
  const heading = {
    title: 'Three seeds against one',
    subtitle: 'A line that says so much of what was trained here that it does not fit on a phone',
  };
  const spec = figureSpec(goldenCurves(), heading, { narrow: true });
  const svg = await figureSvg(spec);
  const [, width] = /width="(\d+)"/.exec(svg) ?? [];
  assert.ok(Number(width) <= 374, width); // a phone of 390 without the margins of the page
  for (const words of ['Three seeds against one', 'A line that says so much of what', 'validation accuracy'])
    assert.ok(svg.includes(`>${words}`), words);
  const interactive = JSON.stringify(figureSpec(goldenCurves(), null, { narrow: true, interactive: true }));
  assert.match(interactive, /"tooltip"/);
  assert.doesNotMatch(interactive, /"zoom_/);
});

test('the data of a figure is in the page once, for both screens', () => {
  const [wide, narrow] = [false, true].map((isNarrow) =>
    figureSpec(goldenCurves(), null, { interactive: true, narrow: isNarrow }),
  );
  const element = figureElement({ wide, narrow }, 'curves');
  const [row] = wide!.datasets.curves;
  assert.equal(element.split(JSON.stringify(row)).length, 2);
});
