/** @file The chances of deciding against SciPy's integrals and recorded simulations, and the numbers of pairs. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readStatsFixture } from './comparison.testing.js';
import { chanceOfDifference, chanceWithin, countUntilLikely } from './power.js';
import { pairsNeeded } from './sign-flip.js';
import { moreSeeds } from './verdict.js';

const { chances, sign_flips: signFlips, plans } = readStatsFixture();

/** Four standard errors of a share of 8000 simulated samples, at most. */
const NOISE = 4 * Math.sqrt(0.25 / 8000);

test("the chance that a t interval lies within a range is SciPy's, to 1e-4", () => {
  for (const { mean, sd, count, confidence, low, high, chance } of chances) {
    const range = [low ?? Number.NEGATIVE_INFINITY, high ?? Number.POSITIVE_INFINITY] as const;
    const found = chanceWithin(mean, sd, count, confidence, range);
    assert.ok(Math.abs(found - chance) < 1e-4, `${mean}, ${count} pairs: ${found} is not ${chance}`);
  }
});

test('the chance depends on mean and margin in deviations only, and not on the sign of the mean', () => {
  const found = chanceWithin(0.2, 1, 40, 0.9, [-0.5, 0.5]);
  for (const unit of [-0.01, 0.01, -3]) {
    const margin = Math.abs(0.5 * unit);
    const scaled = chanceWithin(0.2 * unit, Math.abs(unit), 40, 0.9, [-margin, margin]);
    assert.ok(Math.abs(scaled - found) < 1e-12);
  }
});

test('without spread the chance is 1 within the range and 0 outside', () => {
  assert.equal(chanceWithin(0.1, 0, 8, 0.9, [-0.5, 0.5]), 1);
  assert.equal(chanceWithin(0.6, 0, 8, 0.9, [-0.5, 0.5]), 0);
  assert.equal(chanceOfDifference(0.1, 0, 8, 0.05), 1);
  assert.equal(chanceOfDifference(0, 0, 8, 0.05), 0);
});

test('the chance of a small p is that of simulated sign-flip tests: exact for the fewest pairs, then at most 0.05 more', () => {
  for (const { mean, sd, count, alpha, share } of signFlips) {
    const found = chanceOfDifference(mean, sd, count, alpha);
    const atMost = pairsNeeded(0.05 / alpha, 0.05) === count ? 0 : 0.05;
    const text = `${mean}, ${count} pairs: ${found} for ${share}`;
    assert.ok(found > share - NOISE && found < share + atMost + NOISE, text);
  }
});

test('at a mean of 0 the chance of a difference is the largest p below alpha that so many pairs can have', () => {
  for (const alpha of [0.05, 0.025, 0.05 / 9]) {
    for (let count = 5; count <= 24; count++) {
      const values = Array.from({ length: 2 ** 6 }, (_, index) => index / 2 ** (count - 1));
      const exact = Math.max(...values.filter((p) => p < alpha));
      const found = chanceOfDifference(0, 1, count, alpha);
      // From 12 pairs on the values lie so close that the largest is alpha itself, to 0.0005.
      const [expected, tolerance] = count < 12 ? [exact, 1e-4] : [alpha, 0.0005];
      assert.ok(
        Math.abs(found - expected) < tolerance,
        `${count} pairs, ${alpha}: ${found} is not ${expected}`,
      );
    }
  }
});

test('with too few pairs for p below alpha the chance of a difference is 0, and more pairs never make it smaller', () => {
  for (const family of [1, 2, 3, 5, 45]) {
    const of = (count: number): number => chanceOfDifference(0.8, 1, count, 0.05 / family);
    const needed = pairsNeeded(family, 0.05);
    assert.equal(of(needed - 1), 0);
    for (let count = needed; count < 40; count++) assert.ok(of(count + 1) > of(count), `${count} pairs`);
  }
});

test('the count is the first with a chance of 80 %, and infinite where none is enough', () => {
  const chanceOf = (count: number): number => count / 100;
  assert.equal(countUntilLikely(chanceOf, 2, 1000), 80);
  assert.equal(countUntilLikely(chanceOf, 90, 1000), 90);
  assert.equal(countUntilLikely(chanceOf, 2, 79), Number.POSITIVE_INFINITY);
  assert.equal(countUntilLikely(chanceOf, 90, 89), Number.POSITIVE_INFINITY);
});

test('the number of further seeds is that of a count one by one in SciPy, with means from 0 to beyond the margin', () => {
  for (const { n, mean, sd, margin, family, count } of plans) {
    const evidence = { n, differ: n, mean, sd, interval_90: null, interval_95: null, p_holm: null };
    assert.equal(moreSeeds(evidence, margin, family), count - n, `mean ${mean}, family ${family}`);
  }
});

test('with that number of seeds at least 80 % of simulated comparisons are decided, up to 0.03 and noise', () => {
  assert.deepEqual([...new Set(plans.map(({ verdict }) => verdict))], ['equivalent', 'different']);
  for (const { mean, count, share } of plans) {
    assert.ok(share > 0.8 - 0.03 - NOISE, `mean ${mean}, ${count} pairs: ${share}`);
    // One seed more changes the chance by less than this where the count is not so small that it leaps.
    if (count > 20) assert.ok(share < 0.82 + NOISE, `mean ${mean}, ${count} pairs: ${share}`);
  }
});
