/** @file Laws of comparisons, and their error rates in simulations under the null hypothesis. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../errors.js';
import type { ArmRun } from '../results/arm.js';
import { rng } from '../rng.js';
import { compare, type PairedComparison } from './compare.js';
import { above, compareDeclared, compareDifferences, syntheticArm } from './comparison.testing.js';

/** A normally distributed number (Box-Muller). */
function normal(random: { uniform(): number }): number {
  return Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());
}

test('swapping two arms swaps signs and verdicts, and does not change p', () => {
  const opposite: Record<string, string> = { better: 'worse', worse: 'better', undecided: 'undecided' };
  for (const differences of [above, above.map((value) => value - 0.02), above.map((value) => -value)]) {
    const arms = [
      syntheticArm(
        'a',
        differences.map((value) => 0.9 + value),
      ),
      syntheticArm('b', Array(8).fill(0.9)),
    ];
    const [one] = compareDeclared(arms, [['a', 'b']]).comparisons;
    const [other] = compareDeclared(arms, [['b', 'a']]).comparisons;
    assert.ok(one!.mean && one!.interval_95 && other!.interval_95 && one!.interval_90 && other!.interval_90);
    assert.equal(other!.mean, -one!.mean);
    assert.deepEqual(other!.interval_95, [-one!.interval_95[1], -one!.interval_95[0]]);
    assert.deepEqual(other!.interval_90, [-one!.interval_90[1], -one!.interval_90[0]]);
    assert.deepEqual([other!.d_z, other!.sd, other!.p], [-(one!.d_z ?? 0), one!.sd, one!.p]);
    assert.equal(other!.verdict.kind, opposite[one!.verdict.kind]);
  }
});

test('adding a constant to both arms has no effect except for rounding', () => {
  const values = [0.71, 0.74, 0.69, 0.73, 0.72, 0.75, 0.7];
  const at = (constant: number): PairedComparison =>
    compareDeclared(
      [
        syntheticArm(
          'a',
          values.map((value, seed) => value + constant + ((seed % 3) - 0.5) / 100),
        ),
        syntheticArm(
          'b',
          values.map((value) => value + constant),
        ),
      ],
      [['a', 'b']],
    ).comparisons[0]!;
  const [low, high] = [at(0), at(0.2)];
  assert.deepEqual([high.p, high.verdict], [low.p, low.verdict]);
  for (const end of [0, 1]) {
    const [x, y] = [low.interval_95?.[end] ?? Number.NaN, high.interval_95?.[end] ?? Number.NaN];
    assert.ok(Math.abs(x - y) < 1e-12);
  }
});

test('the order of runs does not matter, because runs are paired by seed', () => {
  const arms = [
    syntheticArm('a', [0.9, 0.8, 0.95, null, 0.7, null]),
    syntheticArm('b', [0.6, 0.85, 0.9, 0.5, 0.8, 0.9]),
  ];
  const turned = arms.map((arm) => ({ ...arm, runs: [...arm.runs].reverse() }));
  assert.deepEqual(
    compareDeclared(turned, [['a', 'b']]).comparisons,
    compareDeclared(arms, [['a', 'b']]).comparisons,
  );
});

test('seeds without a run in both arms are excluded and listed', () => {
  const arms = [syntheticArm('a', [0.9, null, 0.9, 0.91]), syntheticArm('b', [0.8, 0.8, 0.8, null, 0.2])];
  const [pair] = compareDeclared(arms, [['a', 'b']]).comparisons;
  assert.deepEqual([pair!.n, pair!.only_a, pair!.only_b], [2, [3], [1, 4]]);
  assert.ok(Math.abs((pair!.mean ?? 0) - 0.1) < 1e-12);
});

test('there is no p if the smallest possible p is not below 0.05 after Holm', () => {
  for (const [seeds, family, tested] of [
    [5, 1, false],
    [6, 1, true],
    [6, 2, false],
    [7, 3, true],
    [7, 4, false],
  ] as const) {
    const differences = above.slice(0, seeds);
    const arms = Array.from({ length: family }, (_, index) =>
      syntheticArm(
        `a${index}`,
        differences.map((value) => 0.9 + value),
      ),
    );
    const names = arms.map(({ name }): [string, string] => [name, 'b']);
    const found = compareDeclared([...arms, syntheticArm('b', Array(seeds).fill(0.9))], names);
    for (const pair of found.comparisons) {
      assert.equal(pair.p !== null, tested, `${seeds} seeds, ${family} comparisons`);
      assert.equal(pair.no_p === null, tested);
      assert.equal(pair.verdict.kind, tested ? 'better' : 'undecided');
    }
  }
  const five = compareDifferences(above.slice(0, 5));
  assert.match(five.no_p ?? '', /^5 seeds are too few: p < 0\.05 needs at least 6$/);
  assert.deepEqual(five.verdict, {
    kind: 'undecided',
    more_seeds: 1,
    text: 'undecided: needs about 1 more seed',
  });
});

test('pairs without a difference do not make a smaller p possible', () => {
  const pair = compareDifferences([0.05, 0.06, 0.04, 0.05, 0, 0, 0, 0]);
  assert.deepEqual([pair.n, pair.differ, pair.p], [8, 4, null]);
  assert.equal(pair.no_p, '4 of 8 seeds differ, which is too few: p < 0.05 needs at least 6 that differ');
});

test("Holm's family is every declared comparison, including those that cannot be tested", () => {
  const alone = compareDifferences(above);
  const third = compareDifferences(above, 3);
  assert.equal(alone.p_holm, alone.p);
  assert.equal(third.p_holm, 3 * (third.p ?? 0));
});

test('fewer than two pairs have no interval, no p and no NaN', () => {
  for (const differences of [[], [0.01]]) {
    const pair = compareDifferences(differences);
    assert.deepEqual(
      [pair.n, pair.sd, pair.interval_90, pair.interval_95],
      [differences.length, null, null, null],
    );
    assert.deepEqual([pair.d_z, pair.p, pair.verdict.kind], [null, null, 'undecided']);
    assert.doesNotMatch(JSON.stringify(pair), /NaN|Infinity/);
    assert.equal(pair.verdict.kind === 'undecided' && pair.verdict.more_seeds, 6 - differences.length);
  }
});

test('exploratory comparisons do not change declared ones', () => {
  const arms = [
    syntheticArm('a', above),
    syntheticArm('b', Array(8).fill(0)),
    syntheticArm('c', [...above].reverse()),
  ];
  const input = { arms, comparisons: [['a', 'b']], margin: 0.005, notes: [] } as const;
  assert.deepEqual(
    compare({
      ...input,
      exploratory: [
        ['c', 'b'],
        ['c', 'a'],
      ],
    }).comparisons,
    compare({ ...input, exploratory: [] }).comparisons,
  );
});

test('an unknown arm is an error with the nearest name, and so is comparing an arm with itself', () => {
  const arms = [syntheticArm('base', [0.9]), syntheticArm('wn-clip', [0.9])];
  const failing = (names: [string, string], message: RegExp): void =>
    assert.throws(
      () => compareDeclared(arms, [names]),
      (error) => error instanceof UserError && error.code === 'E_CONFIG' && message.test(error.message),
    );
  failing(['wn-clop', 'base'], /expected the name of an arm, got wn-clop \(nearest: wn-clip\)/);
  failing(['base', 'bass'], /expected the name of an arm, got bass \(nearest: base\)/);
  failing(['base', 'base'], /two different arms/);
  assert.throws(() => compareDeclared([], [['a', 'b']]), UserError);
});

test('a comparison lists the backends of its runs', () => {
  const wasm = syntheticArm('b', [0.9], (one) => ({ summary: { ...one.summary, backend: 'wasm' } }));
  assert.deepEqual(compareDeclared([syntheticArm('a', [0.9]), wasm], []).backends, ['native', 'wasm']);
});

test('under the null hypothesis, three comparisons of eight seeds have errors in at most 5 % of experiments, and intervals miss in 5 %', () => {
  const experiments = 2000;
  const random = rng(20261124, 'null');
  let wrong = 0;
  let covered = 0;
  for (let experiment = 0; experiment < experiments; experiment++) {
    const seeds = Array.from({ length: 8 }, () => normal(random));
    const arms = ['base', 'rescaled', 'wn', 'clip'].map((name) =>
      syntheticArm(
        name,
        seeds.map((seed) => 0.9 + 0.02 * seed + 0.02 * normal(random)),
      ),
    );
    const { comparisons } = compareDeclared(arms, [
      ['wn', 'base'],
      ['wn', 'rescaled'],
      ['clip', 'wn'],
    ]);
    if (comparisons.some(({ verdict }) => verdict.kind === 'better' || verdict.kind === 'worse')) wrong++;
    for (const { interval_95 } of comparisons)
      if (interval_95 && interval_95[0] <= 0 && interval_95[1] >= 0) covered++;
  }
  const error = Math.sqrt((0.05 * 0.95) / experiments);
  assert.ok(wrong > 0 && wrong / experiments <= 0.05 + 3 * error, `${wrong} of ${experiments}`);
  const coverage = covered / (3 * experiments);
  assert.ok(coverage > 0.93 && coverage < 0.97, `coverage ${coverage}`);
});

test('a seed whose runs both diverged is excluded and listed', () => {
  const lose = (run: ArmRun): Partial<ArmRun> =>
    run.seed < 2 ? { status: 'diverged', testAccuracy: 0.1 } : {};
  const [a, b] = [
    syntheticArm('a', [0.9, 0.9, 0.9, 0.8], lose),
    syntheticArm('b', [0.9, 0.9, 0.7, 0.7], lose),
  ];
  const [pair] = compareDeclared([a, b], [['a', 'b']]).comparisons;
  assert.deepEqual([pair!.n, pair!.both_diverged], [2, [0, 1]]);
  const all = (run: ArmRun): Partial<ArmRun> => ({ ...lose({ ...run, seed: 0 }) });
  const lost = compareDeclared(
    [syntheticArm('a', Array(8).fill(0.9), all), syntheticArm('b', Array(8).fill(0.9), all)],
    [['a', 'b']],
  );
  assert.equal(lost.comparisons[0]!.verdict.kind, 'undecided');
});
