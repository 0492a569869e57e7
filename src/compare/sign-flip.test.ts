/** @file The sign-flip test against SciPy's permutation test, and its laws. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rng } from '../rng.js';
import { readStatsFixture } from './comparison.testing.js';
import { EXACT_PAIRS, pairsNeeded, SAMPLES, signFlip, smallestP } from './sign-flip.js';

const { cases } = readStatsFixture();

test("exact p equals SciPy's for 2 to 12 pairs, with ties, zeros and rounded decimals", () => {
  for (const { differences, p } of cases)
    assert.deepEqual(signFlip(differences), { p, method: 'exact' }, differences.join(' '));
});

test('p does not depend on the direction, the order, the unit, or pairs without a difference', () => {
  for (const { differences, p } of cases) {
    assert.equal(signFlip(differences.map((value) => -value)).p, p);
    assert.equal(signFlip([...differences].reverse()).p, p);
    assert.equal(signFlip(differences.map((value) => 100 * value)).p, p);
    assert.equal(signFlip([0, ...differences, 0]).p, p);
  }
});

test('p is at least 2 / 2^n for n pairs that differ, and equals it if all have the same sign', () => {
  for (const { differences, p } of cases) {
    assert.ok(p >= smallestP(differences));
    assert.equal(signFlip(differences.map(Math.abs)).p, smallestP(differences));
  }
  assert.equal(smallestP([1, 2, 0, -1]), 0.25);
});

test('without any difference, p is 1', () => {
  assert.deepEqual(signFlip([0, 0, 0]), { p: 1, method: 'exact' });
  assert.equal(signFlip([]).p, 1);
  assert.equal(smallestP([0, 0]), 1);
});

test('above the limit, p is sampled: reproducible, close to the exact p, and never 0', () => {
  const random = rng(1, 'differences');
  const differences = Array.from({ length: EXACT_PAIRS }, () => random.uniform() - 0.36);
  const exact = signFlip(differences);
  // Three tiny differences switch to sampling, and hardly change p.
  const more = [...differences, 1e-7, -1e-7, 1e-7];
  const sampled = signFlip(more);
  assert.deepEqual([exact.method, sampled.method], ['exact', 'sampled']);
  assert.deepEqual(signFlip(more), sampled);
  const error = Math.sqrt((exact.p * (1 - exact.p)) / SAMPLES);
  assert.ok(exact.p > 0.01 && exact.p < 0.2);
  assert.ok(Math.abs(sampled.p - exact.p) < 4 * error, `${sampled.p} is not ${exact.p}`);
  // SciPy: 2 binom.sf(25, 40, 0.5).
  const coins = Array.from({ length: 40 }, (_, index) => (index < 26 ? 1 : -1));
  assert.ok(Math.abs(signFlip(coins).p - 0.0807) < 0.004);
  const sure = Array.from({ length: 40 }, () => 1);
  assert.equal(signFlip(sure).p, 1 / (SAMPLES + 1));
  assert.equal(smallestP(sure), 1 / (SAMPLES + 1));
});

test('one comparison needs six pairs, two or three need seven, four to six need eight', () => {
  assert.deepEqual(
    [1, 2, 3, 4, 6].map((family) => pairsNeeded(family, 0.05)),
    [6, 7, 7, 8, 8],
  );
  for (let family = 1; family < 40; family++) {
    const needed = pairsNeeded(family, 0.05);
    assert.ok(family * 2 ** (1 - needed) < 0.05 && family * 2 ** (2 - needed) >= 0.05);
  }
});
