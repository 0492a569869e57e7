/** @file Laws of forest plots: rows, titles and domains. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CompareInput, type Comparison, compare } from '../compare/compare.js';
import { syntheticArm } from '../compare/comparison.testing.js';
import { forestGroups, forestPanels, forestRows, forestSeeds } from './forest-rows.js';

type Pairs = CompareInput['comparisons'];

const MARGIN = 0.005;
const base = [0.9, 0.91, 0.89, 0.9];

/** A comparison of arms with these differences from base. */
function comparing(
  differences: Readonly<Record<string, readonly number[]>>,
  comparisons: Pairs,
  exploratory: Pairs = [],
): Comparison {
  return compare({
    arms: [
      syntheticArm('base', base),
      ...Object.entries(differences).map(([name, values]) =>
        syntheticArm(
          name,
          values.map((value, seed) => base[seed]! + value),
        ),
      ),
    ],
    comparisons,
    exploratory,
    margin: MARGIN,
    notes: [],
  });
}

function near(a: number, b: number): boolean {
  return Math.abs(a - b) < 1e-9;
}

test('a row has a dot per seed, and the point is their mean, in percentage points', () => {
  const [group] = forestGroups(
    comparing({ wn: [0.02, 0.03, 0.01, 0.05], one: [0.01] }, [
      ['wn', 'base'],
      ['one', 'base'],
    ]),
  );
  const [wn, one] = forestRows(group!);
  const seeds = forestSeeds(group!);
  assert.deepEqual(
    seeds.map(({ comparison, seed }) => [comparison, seed]),
    [...[0, 1, 2, 3].map((seed) => ['wn', seed]), ['one', 0]],
  );
  const dots = seeds.slice(0, 4).map(({ difference }) => difference);
  for (const [index, points] of [2, 3, 1, 5].entries()) assert.ok(near(dots[index]!, points));
  assert.ok(near(wn!.mean ?? Number.NaN, 2.75));
  assert.ok(wn!.low !== null && wn!.high !== null && wn!.low < 2.75 && wn!.high > 2.75);
  assert.deepEqual([one!.seeds, one!.low, one!.high, one!.points], [1, null, null, '+1.00']);
});

test('declared comparisons are first; a common reference arm is in the title of the group', () => {
  const groups = forestGroups(
    comparing(
      { wn: [0.02, 0.03], clip: [0.01, 0.02], free: [0, 0] },
      [['wn', 'clip']],
      [
        ['wn', 'base'],
        ['free', 'base'],
      ],
    ),
  );
  assert.deepEqual(
    groups.map(({ title, pairs }) => [title, pairs.map(({ label }) => label)]),
    [
      ['declared', ['wn − clip']],
      ['exploratory: … − base', ['wn', 'free']],
    ],
  );
  assert.equal(forestRows(groups[0]!)[0]!.verdict, 'undecided');
  assert.equal(forestRows(groups[1]!)[0]!.verdict, 'interval includes 0');
});

test('long labels have two lines, and long names are shortened unless two would become equal', () => {
  const long = `start ${'x'.repeat(60)} end`;
  const labelsOf = (a: string, b: string): { labels: readonly string[]; lines: number } => {
    const [group] = forestGroups(comparing({ [a]: [0.01], [b]: [0.02] }, [[a, b]]));
    return { labels: group!.pairs.map(({ label }) => label), lines: group!.lines };
  };
  const { labels, lines } = labelsOf(long, 'wn');
  assert.match(labels[0]!, /^start x+…x+ end − wn$/);
  assert.equal(labels[0]!.length, 37 + ' − wn'.length);
  assert.equal(lines, 2);
  assert.equal(labelsOf('wn', 'clip').lines, 1);
  const [one, other] = [1, 2].map((digit) => `${'x'.repeat(40)}${digit}${'x'.repeat(40)}`);
  assert.deepEqual(labelsOf(one!, other!).labels, [`${one} − ${other}`]);
});

test('the first panel contains 0, the margin and every seed, and intervals up to twice that width', () => {
  for (const differences of [
    [0.02, 0.03, 0.01, 0.05],
    [-0.5],
    [0, 0],
    [],
    [0.03, -0.8],
    [0.01, 0.05],
    [0.0002, 0.0001],
  ]) {
    const comparison = comparing({ wn: differences }, [['wn', 'base']]);
    const { domain } = forestPanels(comparison)[0]!;
    const [low, high] = [Math.min(-MARGIN, ...differences), Math.max(MARGIN, ...differences)];
    assert.ok(domain[0] < low * 100 && high * 100 < domain[1], `${differences}: ${domain}`);
    assert.ok(domain[1] - domain[0] <= 2.2 * (high - low) * 100, `${differences}: ${domain}`);
    const { interval_95 } = comparison.comparisons[0]!;
    if (differences.length === 4) assert.ok(interval_95 && domain[1] > interval_95[1] * 100);
  }
});

test('there is a zoom around 0 if differences have very different sizes and one is near 0', () => {
  const widths = (wn: number, clip: number): number[][] =>
    forestPanels(
      comparing({ wn: [wn, wn, wn], clip: [clip, clip, clip] }, [
        ['wn', 'base'],
        ['clip', 'base'],
      ]),
    ).map(({ domain: [low, high] }) => [Math.round(low), Math.round(high)]);
  assert.deepEqual(widths(0.4, 0.001), [
    [-2, 42],
    [-2, 2],
  ]);
  assert.equal(widths(0.4, 0.3).length, 1);
  assert.equal(widths(0.05, 0.001).length, 1);
});
