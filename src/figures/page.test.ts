/** @file Laws of the HTML page of a comparison. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare } from '../compare/compare.js';
import { syntheticArm } from '../compare/comparison.testing.js';
import { comparisonPage, type PageInput } from './page.js';

const arms = [
  syntheticArm('base', [0.9, 0.8, 0.85]),
  syntheticArm('wn', [0.95, 0.9, 0.92]),
  syntheticArm('none', []),
];

function pageOf(pairs: readonly (readonly [string, string])[], rest: Partial<PageInput> = {}): string {
  return comparisonPage({
    title: 'wn & clip',
    about: null,
    arms,
    comparison: compare({
      arms,
      comparisons: pairs,
      exploratory: [],
      margin: 0.005,
      notes: ['Seed <9> is missing.'],
    }),
    found: [],
    ...rest,
  }).replace(/<script>[\s\S]*?<\/script>/g, '');
}

test('the sections are verdicts, differences, results, curves, configs and environment', () => {
  const titles = [...pageOf([['wn', 'base']]).matchAll(/<h2>(.*)<\/h2>/g)].map(([, title]) => title);
  assert.deepEqual(titles, [
    'Verdicts',
    'Differences',
    'Results',
    'Learning curves',
    'Configs',
    'Environment',
  ]);
});

test('without comparisons, the page has no figure of differences', () => {
  const html = pageOf([]);
  assert.doesNotMatch(html, /<h2>(Verdicts|Differences)|id="differences"/);
  assert.match(html, /id="curves"/);
});

test('the page says below the title when the plan was made, if it is known', () => {
  const sentence = 'Planned on 2026-11-24, seeds > 7 later.';
  assert.match(
    pageOf([], { planned: sentence }),
    /<h1>wn &amp; clip<\/h1>\s+<p class="small">Planned on 2026-11-24, seeds &gt; 7 later\.<\/p>/,
  );
  assert.doesNotMatch(pageOf([], { planned: null }), /Planned/);
});

test('notes occur once, and wide elements scroll instead of widening the page', () => {
  const html = pageOf([['wn', 'base']]);
  assert.equal(html.match(/Seed &lt;9&gt; is missing\./g)?.length, 1);
  for (const [, before] of html.matchAll(/(.{0,40})<(?:table>|div id=)/g))
    assert.match(before!, /<div class="(wide|figure|figure scrolled)">$/);
  // Boxes that scroll have shadows at edges that hide content.
  assert.match(
    html,
    /\.wide, \.figure\.scrolled \{ overflow-x: auto; background: linear-gradient.* scroll; \}/,
  );
  assert.match(html, /\.figure svg\.marks \{ max-width: 100%/);
});
