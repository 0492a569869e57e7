/** @file What the remarks below a table say of p. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { footnotes, remarks } from './cells.js';
import { compare } from './compare.js';
import { madeUpArm } from './comparison.testing.js';

/** The remarks on a comparison with these differences, one of a family. */
function remarksOn(differences: readonly number[], family = 1): string[] {
  const names = Array.from({ length: family }, (_, index) => `b${index}`);
  const arms = [
    madeUpArm('a', differences),
    ...names.map((name, index) => madeUpArm(name, index === 0 ? differences.map(() => 0) : [0.5])),
  ];
  const comparisons = names.map((name): [string, string] => ['a', name]);
  const compared = compare({ arms, comparisons, exploratory: [], margin: 0.005, notes: [] });
  return remarks(compared.comparisons[0]!, family);
}

/** All of one sign. */
function above(count: number): number[] {
  return Array.from({ length: count }, (_, index) => 0.01 + index / 1000);
}

const mixed = [0.05, -0.04, 0.03, -0.05, 0.06, -0.03, 0.02, -0.02];

test('the smallest p that the pairs can give is told where it is the one found, with the family that it is adjusted for', () => {
  assert.deepEqual(remarksOn(above(8)), ['p cannot be below 0.008 with 8 pairs that differ']);
  assert.deepEqual(remarksOn(above(8), 2), [
    'p after Holm over 2 comparisons cannot be below 0.016 with 8 pairs that differ',
  ]);
  assert.deepEqual(remarksOn(mixed), []);
});

test('the smallest p is told where no other is below 0.05', () => {
  assert.deepEqual(remarksOn(mixed.slice(0, 6)), ['p cannot be below 0.031 with 6 pairs that differ']);
  assert.deepEqual(remarksOn(mixed.slice(0, 7)), []);
});

test('where no p is below 0.05 the smallest is told with the number of pairs that is enough', () => {
  assert.deepEqual(remarksOn(above(5)), [
    '5 pairs cannot give p below 0.063; p < 0.05 needs 6 pairs with a difference',
  ]);
});

test('a smallest p below 0.001 is not told: it limits nothing that is shown', () => {
  for (const count of [12, 13, 30]) assert.deepEqual(remarksOn(above(count)), []);
});

test('the notes say what Holm does not adjust and that seeds, not test images, are varied', () => {
  const arms = ['a', 'b', 'c'].map((name) => madeUpArm(name, mixed));
  const of = (comparisons: [string, string][]): string => {
    const compared = compare({ arms, comparisons, exploratory: [], margin: 0.005, notes: [] });
    return footnotes(compared).join(' ');
  };
  const family = of([
    ['a', 'b'],
    ['a', 'c'],
  ]);
  assert.match(family, /Holm adjusts p alone: intervals, and so the verdict equivalent, are not adjusted/);
  assert.doesNotMatch(of([['a', 'b']]), /Holm/);
  assert.match(
    family,
    /cover the choice of seeds, not that of the test images, which are the same for all runs/,
  );
});

test('a verdict that seems to contradict its interval says why', () => {
  const skewed = [0.3, 0.01, 0.012, 0.011, 0.013, 0.014, 0.012, 0.01];
  assert.match(
    remarksOn(skewed).join(),
    /the interval includes 0, but p decides: the sign-flip test does not/,
  );
  assert.match(
    remarksOn([0.03, 0.02, 0.035, 0.025, -0.02, 0.028, 0.02, 0.015], 3).join(),
    /the interval excludes 0, but p decides: it is 0\.117, adjusted for 3 comparisons, which is not below 0\.05/,
  );
  assert.deepEqual(remarksOn(mixed), []);
});
