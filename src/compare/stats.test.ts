/** @file The statistics against SciPy and statsmodels, and their laws. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readStatsFixture } from './comparison.testing.js';
import { effectSize, holm, mean, median, standardDeviation, studentQuantile, tInterval } from './stats.js';

const fixture = readStatsFixture();

function close(actual: number, expected: number, tolerance: number, what: string): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what}: ${actual} is not ${expected}`);
}

test("Student's quantiles agree with SciPy", () => {
  for (const { probability, df, t } of fixture.quantiles)
    close(studentQuantile(probability, df) / t, 1, 1e-7, `t of ${probability}, ${df}`);
});

test('standard deviations and t intervals agree with SciPy for 2 to 12 pairs, with ties and zeros', () => {
  const sizes = new Set(fixture.cases.map(({ differences }) => differences.length));
  assert.deepEqual(
    [...sizes].sort((a, b) => a - b),
    [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
  );
  for (const { differences, sd, interval90, interval95 } of fixture.cases) {
    const what = differences.join(' ');
    close(standardDeviation(differences), sd, 1e-12, what);
    for (const [confidence, expected] of [
      [0.9, interval90],
      [0.95, interval95],
    ] as const) {
      const found = tInterval(differences, confidence);
      close(found[0], expected[0], 1e-6 * sd, what);
      close(found[1], expected[1], 1e-6 * sd, what);
    }
  }
});

test("Holm's adjustment agrees with statsmodels", () => {
  for (const { p, adjusted } of fixture.holm)
    for (const [index, value] of holm(p).entries()) close(value, adjusted[index]!, 1e-12, p.join(' '));
});

test("Holm's adjustment keeps the order of p, is between p and 1, and does not change a single p", () => {
  for (const { p } of fixture.holm) {
    const adjusted = holm(p);
    for (const [i, value] of adjusted.entries()) {
      assert.ok(value >= p[i]! && value <= 1);
      for (const [j, other] of adjusted.entries()) assert.ok(p[i]! > p[j]! || value <= other);
    }
  }
  assert.deepEqual(holm([0.03]), [0.03]);
  assert.deepEqual(holm([]), []);
});

test("Holm's adjustment does not depend on the order of the family", () => {
  const adjusted = holm([0.04, 0.001, 0.2, 0.01]);
  assert.deepEqual(holm([0.2, 0.01, 0.04, 0.001]), [adjusted[2], adjusted[3], adjusted[0], adjusted[1]]);
});

test('values that differ only by rounding have a standard deviation of 0', () => {
  assert.equal(standardDeviation([0.1, 0.1, 0.1]), 0);
  assert.equal(standardDeviation([0.9731 - 0.973, 0.5001 - 0.5, 0.0002 - 0.0001]), 0);
  assert.notEqual(standardDeviation([0.0001, 0.0002, 0.0001]), 0);
  assert.deepEqual(tInterval([0, 0], 0.95), [0, 0]);
  assert.ok(Number.isNaN(standardDeviation([0.1])));
});

test('the median treats infinity as the largest value', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([Number.POSITIVE_INFINITY, 1, 2]), 2);
  assert.equal(median([Number.POSITIVE_INFINITY, 1]), Number.POSITIVE_INFINITY);
  assert.equal(median([Number.POSITIVE_INFINITY, 1, Number.POSITIVE_INFINITY]), Number.POSITIVE_INFINITY);
});

test("the effect size is Cohen's d with Hedges' correction; below three pairs or without spread there is none", () => {
  const differences = [1, 2, 3, 4, 5, 6, 7, 8];
  const correction = 0.8888889; // 1 - 3 / (4 · 7 - 1)
  const found = effectSize(differences) ?? Number.NaN;
  close(found, (correction * mean(differences)) / standardDeviation(differences), 1e-6, 'd_z');
  close(effectSize(differences.map((value) => -3 * value)) ?? Number.NaN, -found, 1e-12, 'scaled by -3');
  assert.equal(effectSize([1, 2]), null);
  assert.equal(effectSize([0.1, 0.1, 0.1]), null);
});
