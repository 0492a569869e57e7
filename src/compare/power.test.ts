/** @file Power and numbers of pairs, against SciPy's integrals and recorded simulations. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readStatsFixture } from './comparison.testing.js';
import { chanceIntervalWithin, countForPower, powerOfTest } from './power.js';
import { pairsNeeded } from './sign-flip.js';
import { moreSeeds } from './verdict.js';

const { chances, sign_flips: signFlips, plans } = readStatsFixture();

/** At least four standard errors of a fraction of 8000 simulated samples. */
const NOISE = 4 * Math.sqrt(0.25 / 8000);

test('the probability that a t interval is within a range agrees with SciPy to 1e-4', () => {
  for (const { mean, sd, count, confidence, low, high, chance } of chances) {
    const range = [low ?? Number.NEGATIVE_INFINITY, high ?? Number.POSITIVE_INFINITY] as const;
    const found = chanceIntervalWithin(mean, sd, count, confidence, range);
    assert.ok(Math.abs(found - chance) < 1e-4, `${mean}, ${count} pairs: ${found} is not ${chance}`);
  }
});

test('the probability depends only on the ratios of mean and margin to the deviation, not on the sign of the mean', () => {
  const found = chanceIntervalWithin(0.2, 1, 40, 0.9, [-0.5, 0.5]);
  for (const unit of [-0.01, 0.01, -3]) {
    const margin = Math.abs(0.5 * unit);
    const scaled = chanceIntervalWithin(0.2 * unit, Math.abs(unit), 40, 0.9, [-margin, margin]);
    assert.ok(Math.abs(scaled - found) < 1e-12);
  }
});

test('without spread, the probability is 1 inside the range and 0 outside', () => {
  assert.equal(chanceIntervalWithin(0.1, 0, 8, 0.9, [-0.5, 0.5]), 1);
  assert.equal(chanceIntervalWithin(0.6, 0, 8, 0.9, [-0.5, 0.5]), 0);
  assert.equal(powerOfTest(0.1, 0, 8, 0.05), 1);
  assert.equal(powerOfTest(0, 0, 8, 0.05), 0);
});

test('the power agrees with simulated sign-flip tests: exactly for the smallest number of pairs, otherwise at most 0.05 above', () => {
  for (const { mean, sd, count, alpha, power } of signFlips) {
    const found = powerOfTest(mean, sd, count, alpha);
    const atMost = pairsNeeded(0.05 / alpha, 0.05) === count ? 0 : 0.05;
    const text = `${mean}, ${count} pairs: ${found} instead of ${power}`;
    assert.ok(found > power - NOISE && found < power + atMost + NOISE, text);
  }
});

test('at a mean of 0, the power is the largest possible p below alpha', () => {
  for (const alpha of [0.05, 0.025, 0.05 / 9]) {
    for (let count = 5; count <= 24; count++) {
      const values = Array.from({ length: 2 ** 6 }, (_, index) => index / 2 ** (count - 1));
      const exact = Math.max(...values.filter((p) => p < alpha));
      const found = powerOfTest(0, 1, count, alpha);
      // From 12 pairs on, the largest possible value is alpha, to 0.0005.
      const [expected, tolerance] = count < 12 ? [exact, 1e-4] : [alpha, 0.0005];
      assert.ok(
        Math.abs(found - expected) < tolerance,
        `${count} pairs, ${alpha}: ${found} is not ${expected}`,
      );
    }
  }
});

test('the power is 0 with too few pairs for p below alpha, and increases with the number of pairs', () => {
  for (const family of [1, 2, 3, 5, 45]) {
    const of = (count: number): number => powerOfTest(0.8, 1, count, 0.05 / family);
    const needed = pairsNeeded(family, 0.05);
    assert.equal(of(needed - 1), 0);
    for (let count = needed; count < 40; count++) assert.ok(of(count + 1) > of(count), `${count} pairs`);
  }
});

test('the count is the smallest one with a power of 80 %, or infinite if no count is enough', () => {
  const powerOf = (count: number): number => count / 100;
  assert.equal(countForPower(powerOf, 2, 1000), 80);
  assert.equal(countForPower(powerOf, 90, 1000), 90);
  assert.equal(countForPower(powerOf, 2, 79), Number.POSITIVE_INFINITY);
  assert.equal(countForPower(powerOf, 90, 89), Number.POSITIVE_INFINITY);
});

test('the number of additional seeds agrees with a search in SciPy, for means from 0 to beyond the margin', () => {
  for (const { n, mean, sd, margin, family, count } of plans) {
    const evidence = { n, differ: n, mean, sd, interval_90: null, interval_95: null, p_holm: null };
    assert.equal(moreSeeds(evidence, margin, family), count - n, `mean ${mean}, family ${family}`);
  }
});

test('with that number of seeds, at least 80 % of simulated comparisons have a verdict, up to 0.03 and noise', () => {
  assert.deepEqual([...new Set(plans.map(({ verdict }) => verdict))], ['equivalent', 'different']);
  for (const { mean, count, power } of plans) {
    assert.ok(power > 0.8 - 0.03 - NOISE, `mean ${mean}, ${count} pairs: ${power}`);
    // With larger counts, one more seed changes the power only a little.
    if (count > 20) assert.ok(power < 0.82 + NOISE, `mean ${mean}, ${count} pairs: ${power}`);
  }
});
