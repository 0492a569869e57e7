/** @file The chances of t intervals against simulations, and the counts that follow from them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rng } from '../rng.js';
import { chanceWithin, countUntilLikely } from './power.js';
import { type Interval, studentQuantile } from './stats.js';
import { moreSeeds } from './verdict.js';

const RUNS = 6000;
/** Three standard errors of a simulated share, at most. */
const TOLERANCE = 3 * Math.sqrt(0.25 / RUNS);

/** The share of simulated samples whose t interval lies within a range. */
const simulate = (
  mean: number,
  deviation: number,
  count: number,
  confidence: number,
  [low, high]: Interval,
): number => {
  const random = rng('power', mean, count);
  const t = studentQuantile((1 + confidence) / 2, count - 1);
  let inside = 0;
  for (let run = 0; run < RUNS; run++) {
    let [sum, squares] = [0, 0];
    for (let value = 0; value < count; value++) {
      const radius = Math.sqrt(-2 * Math.log(1 - random.uniform()));
      const normal = mean + deviation * radius * Math.cos(2 * Math.PI * random.uniform());
      sum += normal;
      squares += normal * normal;
    }
    const variance = (squares - (sum * sum) / count) / (count - 1);
    const half = t * Math.sqrt(variance / count);
    if (sum / count - half >= low && sum / count + half <= high) inside++;
  }
  return inside / RUNS;
};

test('the chance that a 90 % interval lies within both margins is that of a simulation', () => {
  for (const [mean, count] of [
    [0, 36],
    [0, 12],
    [0.25, 60],
    [-0.4, 150],
    [0.5, 40],
    [0.8, 20],
  ]) {
    const margins = [-0.5, 0.5] as const;
    const expected = simulate(mean, 1, count, 0.9, margins);
    const found = chanceWithin(mean, 1, count, 0.9, margins);
    assert.ok(Math.abs(found - expected) < TOLERANCE, `mean ${mean}, ${count}: ${found} is not ${expected}`);
  }
});

test('the chance that a 95 % interval excludes 0 is that of a simulation', () => {
  const above = [0, Number.POSITIVE_INFINITY] as const;
  for (const [mean, count] of [
    [0, 8],
    [0.5, 8],
    [1, 8],
    [0.3, 2],
  ]) {
    const expected = simulate(mean, 1, count, 0.95, above);
    const found = chanceWithin(mean, 1, count, 0.95, above);
    assert.ok(Math.abs(found - expected) < TOLERANCE, `mean ${mean}, ${count}: ${found} is not ${expected}`);
  }
});

test('a difference of 0 excludes 0 as often as the confidence leaves open', () => {
  for (const count of [2, 3, 8, 100]) {
    const found = chanceWithin(0, 2, count, 0.95, [0, Number.POSITIVE_INFINITY]);
    assert.ok(Math.abs(found - 0.025) < 1e-4, `${count}: ${found}`);
  }
});

test('the count is the first with a chance of 80 %, and infinite where none is enough', () => {
  const chanceOf = (count: number): number => count / 100;
  assert.equal(countUntilLikely(chanceOf, 2, 1000), 80);
  assert.equal(countUntilLikely(chanceOf, 90, 1000), 90);
  assert.equal(countUntilLikely(chanceOf, 2, 79), Number.POSITIVE_INFINITY);
});

test('so many seeds as undecided says do decide, in four of five simulations', () => {
  const evidence = { n: 8, differ: 8, interval_90: null, interval_95: null, p_holm: null };
  for (const mean of [0, 0.1, 0.25]) {
    const more = moreSeeds({ ...evidence, mean, sd: 1 }, 0.5, 1) ?? 0;
    const share = simulate(mean, 1, 8 + more, 0.9, [-0.5, 0.5]);
    assert.ok(
      share > 0.8 - TOLERANCE && share < 0.83 + TOLERANCE,
      `mean ${mean}: ${8 + more} seeds give ${share}`,
    );
  }
});
