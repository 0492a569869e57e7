/** @file A forest figure as a picture: every word, every verdict's colour, an arrow where something goes on. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differenceCell } from '../compare/cells.js';
import { type CompareInput, type Comparison, compare } from '../compare/compare.js';
import { madeUpArm } from '../compare/comparison.testing.js';
import { assertSameText } from '../end-to-end/same-text.testing.js';
import { figurePng, figureSvg } from './figure-files.js';
import { verdictColors } from './figure-style.js';
import { forestSpec } from './forest.js';

type Pairs = CompareInput['comparisons'];

function around(centre: number): number[] {
  return Array.from({ length: 8 }, (_, seed) => centre + (seed % 3) / 500);
}

const arms = [
  madeUpArm('base', Array(8).fill(0.5)),
  madeUpArm('wn', around(0.9)),
  madeUpArm('alike', around(0.499)),
  madeUpArm('wild', [0.1, 0.9, 0.2, 0.8, 0.4, 0.6, 0.5, 0.45]),
  madeUpArm('two', [0.52, 0.5]),
  madeUpArm('one', [0.6]),
  madeUpArm('none', []),
];

function comparing(comparisons: Pairs, exploratory: Pairs = []): Comparison {
  return compare({ arms, comparisons, exploratory, margin: 0.005, notes: [] });
}

function draw(comparison: Comparison): Promise<string> {
  return figureSvg(forestSpec(comparison, null));
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

const four = comparing([
  ['wn', 'base'],
  ['base', 'wn'],
  ['alike', 'base'],
  ['wild', 'base'],
]);

test('every label, number and verdict is in the picture, whole, and so are heading and caption', async () => {
  const svg = await figureSvg(forestSpec(four, { title: 'clip & wn', subtitle: 'eight seeds' }));
  for (const text of [
    'clip &amp; wn',
    'eight seeds',
    'declared',
    'wn − base',
    'wild − base',
    ...four.comparisons.map(differenceCell),
    'points [95 %]',
    'better',
    'worse',
    'equivalent',
    'undecided',
    'zoom to ±2',
    'percentage points of test accuracy',
    'Shaded: within ±0.5 points, a difference that does not matter.',
  ]) {
    assert.ok(svg.includes(`>${text}<`), text);
  }
});

test('the marks of a row have the colour of its verdict, and so has the word', async () => {
  for (const pair of four.comparisons) {
    const svg = await draw({ ...four, comparisons: [pair] });
    const marks = svg.matchAll(/roledescription="(?:point|circle)"[^>]*fill="(#\w+)"/g);
    const colors = [...marks].map(([, color]) => color);
    assert.deepEqual([...new Set(colors)], [verdictColors[pair.verdict.kind]], pair.verdict.kind);
    assert.match(svg, new RegExp(`fill="${verdictColors[pair.verdict.kind]}"[^>]*>${pair.verdict.kind}<`));
  }
  assert.equal(new Set(Object.values(verdictColors)).size, 5);
});

test('where a mean or an interval goes on beyond a panel, there is an arrow', async () => {
  const arrows = async (comparison: Comparison): Promise<[left: number, right: number]> => {
    const svg = await draw(comparison);
    const found: [number, number] = [count(svg, /rotate\(-90\)/g), count(svg, /rotate\(90\)/g)];
    assert.equal(svg.includes('triangle: goes on'), found[0] + found[1] > 0);
    return found;
  };
  const [better, worse, alike, wild] = four.comparisons;
  const only = (...comparisons: (typeof better)[]): Comparison => ({ ...four, comparisons });
  assert.deepEqual(await arrows(only(better)), [0, 0]);
  assert.deepEqual(await arrows(only(alike)), [0, 0]);
  assert.deepEqual(await arrows(only(better, alike)), [0, 1]); // in the zoom
  assert.deepEqual(await arrows(only(worse, alike)), [1, 0]);
  assert.deepEqual(await arrows(only(wild)), [1, 1]); // the interval, in the zoom
  assert.deepEqual(await arrows(comparing([['two', 'base']])), [1, 1]); // an interval of two pairs
});

test('none, one and two pairs are drawn, a row each, without NaN', async () => {
  const pairs: Pairs = ['none', 'one', 'two'].map((name): [string, string] => [name, 'base']);
  for (const comparison of [
    ...pairs.map((pair) => comparing([pair])),
    comparing(pairs),
    comparing([['wn', 'base']], pairs),
  ]) {
    const svg = await draw(comparison);
    assert.doesNotMatch(svg, /NaN|Infinity|undefined|null/);
    for (const { a } of [...comparison.comparisons, ...comparison.exploratory])
      assert.match(svg, new RegExp(`>${a}( − base)?<`));
  }
});

test('forty-five comparisons are all there', async () => {
  const many = Array.from({ length: 45 }, (_, index) => madeUpArm(`arm ${index}`, around(index / 50)));
  const exploratory = many.map(({ name }): [string, string] => [name, 'base']);
  const comparison = compare({
    arms: [...arms, ...many],
    comparisons: [],
    exploratory,
    margin: 0.005,
    notes: [],
  });
  const svg = await draw(comparison);
  for (const { name } of many) assert.ok(svg.includes(`>${name}<`), name);
});

test('the same comparison gives the same bytes', async () => {
  const [one, other] = [await draw(four), await draw(four)];
  assertSameText(one, other, 'the SVG');
  assert.ok(Buffer.from(await figurePng(one)).equals(await figurePng(other)));
});

test('only an interactive figure answers the mouse', () => {
  assert.doesNotMatch(JSON.stringify(forestSpec(four, null)), /"tooltip"/);
  assert.match(JSON.stringify(forestSpec(four, null, { interactive: true })), /"tooltip"/);
});
