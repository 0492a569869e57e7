/** @file Laws of figures in HTML: no requests, escaped names, and a form for phones. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { curvesOf } from './curves.js';
import { goldenCurves, lossArm } from './curves.testing.js';
import { figureSpec } from './figure.js';
import { figureSvg } from './figure-files.js';
import { curvesUsage, figureElement, figureHtml } from './figure-html.js';

test('the page loads no resources, and a name cannot end its scripts', () => {
  const arm = lossArm('</script><script src="http://x">', [[2, 1]]);
  const curves = curvesOf([arm], ['loss'], 'ci');
  const html = figureHtml(
    {
      wide: figureSpec(curves, null, { interactive: true }),
      narrow: figureSpec(curves, null, { interactive: true, narrow: true }),
    },
    'wn & <base>',
    curvesUsage,
  );
  assert.match(html, /<title>wn &amp; &lt;base&gt;<\/title>/);
  assert.match(html, /Content-Security-Policy" content="default-src 'none'/);
  assert.equal(html.match(/<script/g)?.length, html.match(/<\/script/g)?.length);
  const outside = html.replace(/<script>[\s\S]*?<\/script>/g, '');
  assert.equal(/<script|<link|src=|href=|url\(|@import/.exec(outside)?.[0], undefined);
  assert.ok(!html.includes('sourceMappingURL'));
});

test('a page has the width of the device, and no figure is wider', () => {
  const html = figureHtml({ wide: figureSpec(goldenCurves(), null), narrow: null }, 'wn', curvesUsage);
  assert.match(html, /<meta name="viewport" content="width=device-width">/);
  assert.match(html, /\.figure svg\.marks \{ max-width: 100%; height: auto; \}/);
});

test('a figure for phones fits their width, in one column, with its complete text, and without dragging', async () => {
  const heading = {
    title: 'Three seeds against one',
    subtitle: 'A description of what was trained here that is too long for a phone',
  };
  const spec = figureSpec(goldenCurves(), heading, { narrow: true });
  const svg = await figureSvg(spec);
  const [, width] = /width="(\d+)"/.exec(svg) ?? [];
  assert.ok(Number(width) <= 374, width); // 390 pixels minus the margins of the page
  for (const text of ['Three seeds against one', 'A description of what was trained', 'validation accuracy'])
    assert.ok(svg.includes(`>${text}`), text);
  const interactive = JSON.stringify(figureSpec(goldenCurves(), null, { narrow: true, interactive: true }));
  assert.match(interactive, /"tooltip"/);
  assert.doesNotMatch(interactive, /"zoom_/);
});

test('the page contains the data of a figure once for both forms', () => {
  const [wide, narrow] = [false, true].map((isNarrow) =>
    figureSpec(goldenCurves(), null, { interactive: true, narrow: isNarrow }),
  );
  const element = figureElement({ wide: wide!, narrow: narrow! }, 'curves');
  const [row] = wide!.datasets.curves!;
  assert.equal(element.split(JSON.stringify(row)).length, 2);
});
