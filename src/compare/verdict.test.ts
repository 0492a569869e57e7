/** @file Laws of verdicts. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare } from './compare.js';
import { above, compareDifferences, syntheticArm } from './comparison.testing.js';
import { moreSeeds } from './verdict.js';

test('an arm that is better for every seed is better, the opposite is worse', () => {
  const better = compareDifferences(above);
  assert.deepEqual([better.verdict.kind, better.p, better.p_method], ['better', 2 / 2 ** 8, 'exact']);
  assert.equal(compareDifferences(above.map((value) => -value)).verdict.kind, 'worse');
});

test('a difference within the margin is equivalent, even if it is significant', () => {
  const noise = [1, -2, 2, -1, 0, 1, -1, 0].map((value) => value / 1000);
  const none = compareDifferences(noise);
  assert.deepEqual([none.verdict.kind, none.verdict.text], ['equivalent', 'equivalent']);
  const real = compareDifferences(noise.map((value) => value + 0.0025));
  assert.ok((real.p_holm ?? 1) < 0.05);
  assert.equal(real.verdict.text, 'equivalent: significant, but within the margin of 0.5 points');
  assert.equal(
    compareDifferences(
      noise.map((value) => value + 0.0025),
      1,
      0.001,
    ).verdict.kind,
    'better',
  );
});

test('equal differences have an interval of zero width and no effect size', () => {
  const same = compareDifferences(Array(8).fill(0));
  assert.deepEqual([same.sd, same.interval_95, same.d_z, same.verdict.kind], [0, [0, 0], null, 'equivalent']);
  const shifted = compareDifferences(Array(8).fill(0.1));
  assert.deepEqual(
    [shifted.sd, shifted.d_z, shifted.p, shifted.verdict.kind],
    [0, null, 2 / 2 ** 8, 'better'],
  );
  assert.deepEqual(compareDifferences(Array(4).fill(0.1)).verdict, {
    kind: 'undecided',
    more_seeds: 2,
    text: 'undecided: needs about 2 more seeds',
  });
});

test('undecided includes the number of additional seeds, up to 1,000', () => {
  const spread = [0.05, -0.04, 0.03, -0.05, 0.06, -0.03, 0.02, -0.02];
  const some = compareDifferences(spread.map((value) => value + 0.01));
  assert.equal(some.verdict.kind, 'undecided');
  assert.match(some.verdict.text, /^undecided: needs about \d+ more seeds$/);
  const many = compareDifferences(spread.map((value) => value * 10));
  assert.equal(many.verdict.text, 'undecided: needs more than 1,000 more seeds');
});

test('the number of additional seeds is the smaller one for difference or equivalence, at least 1, and grows with the family', () => {
  const evidence = { n: 8, differ: 8, interval_90: null, interval_95: null, p_holm: null };
  const more = (mean: number, sd: number, family: number): number =>
    moreSeeds({ ...evidence, mean, sd }, 0.005, family) ?? Number.NaN;
  // The normal approximation gives ((1.960 + 0.842) 2)² = 31 and ((1.645 + 1.282) 4)² = 137 pairs; t needs a few more.
  assert.equal(more(0.01, 0.02, 1), 26);
  assert.equal(more(0, 0.02, 1), 131);
  assert.equal(more(0.02, 0.001, 1), 1);
  assert.ok(more(0.01, 0.02, 3) > more(0.01, 0.02, 1));
});

test('an exploratory comparison has intervals, but no p and no claim', () => {
  const b = syntheticArm('b', Array(8).fill(0.9));
  const texts = [
    above,
    above.map((value) => -value),
    above.map((value) => value - 0.02),
    Array(8).fill(0),
    [0.1],
  ].map((differences: number[]) => {
    const a = syntheticArm(
      'a',
      differences.map((value) => 0.9 + value),
    );
    const input = {
      arms: [a, b],
      comparisons: [],
      exploratory: [['a', 'b']] as const,
      margin: 0.005,
      notes: [],
    };
    const [pair] = compare(input).exploratory;
    assert.deepEqual(
      [pair!.p, pair!.p_holm, pair!.declared, pair!.verdict.kind],
      [null, null, false, 'exploratory'],
    );
    return pair!.verdict.text;
  });
  assert.deepEqual(texts, [
    'interval above 0',
    'interval below 0',
    'interval includes 0',
    'within ±0.5',
    'no interval',
  ]);
});

test('an interval of zero width is not equivalent with too few pairs for a significant difference', () => {
  for (const [pairs, family, more] of [
    [2, 1, 4],
    [4, 2, 3],
  ] as const) {
    const { verdict } = compareDifferences(Array(pairs).fill(0), family);
    assert.equal(verdict.kind === 'undecided' && verdict.more_seeds, more);
  }
  assert.equal(compareDifferences([0, 0]).verdict.kind, 'undecided');
  assert.equal(compareDifferences(Array(6).fill(0)).verdict.kind, 'equivalent');
});
