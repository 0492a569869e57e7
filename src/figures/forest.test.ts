/** @file Laws of forest plots as SVG: texts, colours of verdicts, and arrows. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differenceCell } from '../compare/cells.js';
import { type CompareInput, type Comparison, compare } from '../compare/compare.js';
import { syntheticArm } from '../compare/comparison.testing.js';
import { assertSameText } from '../end-to-end/same-text.testing.js';
import { figurePng, figureSvg } from './figure-files.js';
import { verdictColors } from './figure-style.js';
import { forestSpec } from './forest.js';

type Pairs = CompareInput['comparisons'];

function around(centre: number): number[] {
  return Array.from({ length: 8 }, (_, seed) => centre + (seed % 3) / 500);
}

const arms = [
  syntheticArm('base', Array(8).fill(0.5)),
  syntheticArm('wn', around(0.9)),
  syntheticArm('similar', around(0.499)),
  syntheticArm('wild', [0.1, 0.9, 0.2, 0.8, 0.4, 0.6, 0.5, 0.45]),
  syntheticArm('two', [0.52, 0.5]),
  syntheticArm('one', [0.6]),
  syntheticArm('none', []),
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
  ['similar', 'base'],
  ['wild', 'base'],
]);

test('the SVG contains every label, number and verdict, the heading and the caption completely', async () => {
  const svg = await figureSvg(forestSpec(four, { title: 'clip & wn', subtitle: 'eight seeds' }));
  for (const text of [
    'clip &amp; wn',
    'eight seeds',
    'declared',
    'wn − base',
    'wild − base',
    ...four.comparisons.map(differenceCell),
    'points [95 % CI]',
    'better',
    'worse',
    'equivalent',
    'undecided',
    'zoom to ±2',
    'percentage points of test accuracy',
    'Shaded: the margin of ±0.5 points, within which arms count as equivalent.',
  ]) {
    assert.ok(svg.includes(`>${text}<`), text);
  }
});

test('the marks and the text of a row have the colour of its verdict', async () => {
  for (const pair of four.comparisons) {
    const svg = await draw({ ...four, comparisons: [pair] });
    const marks = svg.matchAll(/roledescription="(?:point|circle)"[^>]*fill="(#\w+)"/g);
    const colors = [...marks].map(([, color]) => color);
    assert.deepEqual([...new Set(colors)], [verdictColors[pair.verdict.kind]], pair.verdict.kind);
    assert.match(svg, new RegExp(`fill="${verdictColors[pair.verdict.kind]}"[^>]*>${pair.verdict.kind}<`));
  }
  assert.equal(new Set(Object.values(verdictColors)).size, 5);
});

test('a mean or an interval beyond a panel has an arrow', async () => {
  const arrows = async (comparison: Comparison): Promise<[left: number, right: number]> => {
    const svg = await draw(comparison);
    const found: [number, number] = [count(svg, /rotate\(-90\)/g), count(svg, /rotate\(90\)/g)];
    assert.equal(svg.includes('triangle: extends'), found[0] + found[1] > 0);
    return found;
  };
  const [better, worse, similar, wild] = four.comparisons;
  const only = (...comparisons: (typeof better)[]): Comparison => ({
    ...four,
    comparisons: comparisons.map((pair) => pair!),
  });
  assert.deepEqual(await arrows(only(better)), [0, 0]);
  assert.deepEqual(await arrows(only(similar)), [0, 0]);
  assert.deepEqual(await arrows(only(better, similar)), [0, 1]); // in the zoom
  assert.deepEqual(await arrows(only(worse, similar)), [1, 0]);
  assert.deepEqual(await arrows(only(wild)), [1, 1]); // the interval, in the zoom
  assert.deepEqual(await arrows(comparing([['two', 'base']])), [1, 1]); // an interval of two pairs
});

test('comparisons with no, one and two pairs have a row each, without NaN', async () => {
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

test('a plot contains all of 45 comparisons', async () => {
  const many = Array.from({ length: 45 }, (_, index) => syntheticArm(`arm ${index}`, around(index / 50)));
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

test('only an interactive plot has tooltips', () => {
  assert.doesNotMatch(JSON.stringify(forestSpec(four, null)), /"tooltip"/);
  assert.match(JSON.stringify(forestSpec(four, null, { interactive: true })), /"tooltip"/);
});
