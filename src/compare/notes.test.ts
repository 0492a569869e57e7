/** @file Remarks and footnotes of comparisons. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare } from './compare.js';
import { syntheticArm } from './comparison.testing.js';
import { footnotes, remarks } from './notes.js';

/** The remarks on a comparison with these differences, which belongs to a family of this size. */
function remarksOn(differences: readonly number[], family = 1): string[] {
  const names = Array.from({ length: family }, (_, index) => `b${index}`);
  const arms = [
    syntheticArm('a', differences),
    ...names.map((name, index) => syntheticArm(name, index === 0 ? differences.map(() => 0) : [0.5])),
  ];
  const comparisons = names.map((name): [string, string] => ['a', name]);
  const compared = compare({ arms, comparisons, exploratory: [], margin: 0.005, notes: [] });
  return remarks(compared.comparisons[0]!, family);
}

/** Differences that are all positive. */
function above(count: number): number[] {
  return Array.from({ length: count }, (_, index) => 0.01 + index / 1000);
}

const mixed = [0.05, -0.04, 0.03, -0.05, 0.06, -0.03, 0.02, -0.02];

test('the smallest possible p is reported if it is the p found, with the size of the family', () => {
  assert.deepEqual(remarksOn(above(8)), ['0.008 is the smallest possible p with 8 seeds that differ']);
  assert.deepEqual(remarksOn(above(8), 2), [
    '0.016 is the smallest possible p with 8 seeds that differ and 2 comparisons (Holm)',
  ]);
  assert.deepEqual(remarksOn(mixed), []);
});

test('the smallest possible p is reported if no other possible p is below 0.05', () => {
  assert.deepEqual(remarksOn(mixed.slice(0, 6)), [
    '0.031 is the smallest possible p with 6 seeds that differ',
  ]);
  assert.deepEqual(remarksOn(mixed.slice(0, 7)), []);
});

test('if no possible p is below 0.05, the number of seeds that would be enough is reported', () => {
  assert.deepEqual(remarksOn(above(5)), ['5 seeds are too few: p < 0.05 needs at least 6']);
});

test('a smallest possible p below 0.001 is not reported', () => {
  for (const count of [12, 13, 30]) assert.deepEqual(remarksOn(above(count)), []);
});

test('the footnotes explain what Holm does not adjust, and that seeds vary, not test images', () => {
  const arms = ['a', 'b', 'c'].map((name) => syntheticArm(name, mixed));
  const of = (comparisons: [string, string][]): string => {
    const compared = compare({ arms, comparisons, exploratory: [], margin: 0.005, notes: [] });
    return footnotes(compared).join(' ');
  };
  const family = of([
    ['a', 'b'],
    ['a', 'c'],
  ]);
  assert.match(
    family,
    /Holm's method adjusts only p: intervals, and therefore the verdict equivalent, are not adjusted/,
  );
  assert.doesNotMatch(of([['a', 'b']]), /Holm/);
  assert.match(
    family,
    /cover the variation between seeds, not the choice of test images, which are the same for all runs/,
  );
});

test('a verdict that seems to contradict its interval is explained', () => {
  const skewed = [0.3, 0.01, 0.012, 0.011, 0.013, 0.014, 0.012, 0.01];
  assert.match(
    remarksOn(skewed).join(),
    /the interval includes 0, but the verdict depends on p: .* the sign-flip test does not assume/,
  );
  assert.match(
    remarksOn([0.03, 0.02, 0.035, 0.025, -0.02, 0.028, 0.02, 0.015], 3).join(),
    /the interval excludes 0, but the verdict depends on p: it is 0\.117, adjusted for 3 comparisons, which is not below 0\.05/,
  );
  assert.deepEqual(remarksOn(mixed), []);
});
