/** @file Laws of comparisons and verdicts, and how often they are wrong under the null, simulated. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../errors.js';
import type { Arm, ArmRun } from '../results/arm.js';
import { rng } from '../rng.js';
import { DEFAULT_MARGIN } from '../sweep/grid.js';
import { type CompareInput, compare, type PairedComparison } from './compare.js';
import { madeUpArm } from './comparison.testing.js';
import { moreSeeds } from './verdict.js';

function run(arms: readonly Arm[], declared: CompareInput['comparisons'], margin = DEFAULT_MARGIN) {
  return compare({ arms, comparisons: declared, exploratory: [], margin, notes: [] });
}

/** b at 0.9 and a above it by differences, declared as one of a family. */
function differing(differences: readonly number[], family = 1, margin = DEFAULT_MARGIN): PairedComparison {
  const others = Array.from({ length: family - 1 }, (_, index) => madeUpArm(`other${index}`, [0.5]));
  const arms = [
    madeUpArm(
      'a',
      differences.map((value) => 0.9 + value),
    ),
    madeUpArm(
      'b',
      differences.map(() => 0.9),
    ),
  ];
  const pairs = others.map(({ name }): [string, string] => ['a', name]);
  return run([...arms, ...others], [['a', 'b'], ...pairs], margin).comparisons[0];
}

/** A normal draw, by Box and Muller. */
function normal(random: { uniform(): number }): number {
  return Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());
}

const above = [0.02, 0.03, 0.025, 0.01, 0.04, 0.02, 0.03, 0.02];

test('an arm that is above in every seed is better, one that is below is worse', () => {
  const better = differing(above);
  assert.deepEqual([better.verdict.kind, better.p, better.p_method], ['better', 2 / 2 ** 8, 'exact']);
  assert.equal(differing(above.map((value) => -value)).verdict.kind, 'worse');
});

test('swapping two arms swaps signs and verdicts and leaves p', () => {
  const opposite: Record<string, string> = { better: 'worse', worse: 'better', undecided: 'undecided' };
  for (const differences of [above, above.map((value) => value - 0.02), above.map((value) => -value)]) {
    const arms = [
      madeUpArm(
        'a',
        differences.map((value) => 0.9 + value),
      ),
      madeUpArm('b', Array(8).fill(0.9)),
    ];
    const [one] = run(arms, [['a', 'b']]).comparisons;
    const [other] = run(arms, [['b', 'a']]).comparisons;
    assert.ok(one!.mean && one!.interval_95 && other!.interval_95 && one!.interval_90 && other!.interval_90);
    assert.equal(other!.mean, -one!.mean);
    assert.deepEqual(other!.interval_95, [-one!.interval_95[1], -one!.interval_95[0]]);
    assert.deepEqual(other!.interval_90, [-one!.interval_90[1], -one!.interval_90[0]]);
    assert.deepEqual([other!.d_z, other!.sd, other!.p], [-(one!.d_z ?? 0), one!.sd, one!.p]);
    assert.equal(other!.verdict.kind, opposite[one!.verdict.kind]);
  }
});

test('a constant added to both arms changes nothing but rounding', () => {
  const values = [0.71, 0.74, 0.69, 0.73, 0.72, 0.75, 0.7];
  const at = (constant: number): PairedComparison =>
    run(
      [
        madeUpArm(
          'a',
          values.map((value, seed) => value + constant + ((seed % 3) - 0.5) / 100),
        ),
        madeUpArm(
          'b',
          values.map((value) => value + constant),
        ),
      ],
      [['a', 'b']],
    ).comparisons[0];
  const [low, high] = [at(0), at(0.2)];
  assert.deepEqual([high.p, high.verdict], [low.p, low.verdict]);
  for (const end of [0, 1]) {
    const [x, y] = [low.interval_95?.[end] ?? Number.NaN, high.interval_95?.[end] ?? Number.NaN];
    assert.ok(Math.abs(x - y) < 1e-12);
  }
});

test('the order of runs does not matter: they are paired by seed', () => {
  const arms = [
    madeUpArm('a', [0.9, 0.8, 0.95, null, 0.7, null]),
    madeUpArm('b', [0.6, 0.85, 0.9, 0.5, 0.8, 0.9]),
  ];
  const turned = arms.map((arm) => ({ ...arm, runs: [...arm.runs].reverse() }));
  assert.deepEqual(run(turned, [['a', 'b']]).comparisons, run(arms, [['a', 'b']]).comparisons);
});

test('seeds that only one arm has are left out and named', () => {
  const arms = [madeUpArm('a', [0.9, null, 0.9, 0.91]), madeUpArm('b', [0.8, 0.8, 0.8, null, 0.2])];
  const [pair] = run(arms, [['a', 'b']]).comparisons;
  assert.deepEqual([pair!.n, pair!.only_a, pair!.only_b], [2, [3], [1, 4]]);
  assert.ok(Math.abs((pair!.mean ?? 0) - 0.1) < 1e-12);
});

test('a difference within the margin is equivalent, and said to be real where p is small', () => {
  const noise = [1, -2, 2, -1, 0, 1, -1, 0].map((value) => value / 1000);
  const none = differing(noise);
  assert.deepEqual([none.verdict.kind, none.verdict.text], ['equivalent', 'equivalent']);
  const real = differing(noise.map((value) => value + 0.0025));
  assert.ok((real.p_holm ?? 1) < 0.05);
  assert.equal(real.verdict.text, 'equivalent: a real difference, but below 0.5 points');
  assert.equal(
    differing(
      noise.map((value) => value + 0.0025),
      1,
      0.001,
    ).verdict.kind,
    'better',
  );
});

test('no p is shown where even all pairs one way could not be below 0.05 after Holm', () => {
  for (const [seeds, family, tested] of [
    [5, 1, false],
    [6, 1, true],
    [6, 2, false],
    [7, 3, true],
    [7, 4, false],
  ] as const) {
    const differences = above.slice(0, seeds);
    const arms = Array.from({ length: family }, (_, index) =>
      madeUpArm(
        `a${index}`,
        differences.map((value) => 0.9 + value),
      ),
    );
    const names = arms.map(({ name }): [string, string] => [name, 'b']);
    const found = run([...arms, madeUpArm('b', Array(seeds).fill(0.9))], names);
    for (const pair of found.comparisons) {
      assert.equal(pair.p !== null, tested, `${seeds} seeds, ${family} comparisons`);
      assert.equal(pair.no_p === null, tested);
      assert.equal(pair.verdict.kind, tested ? 'better' : 'undecided');
    }
  }
  const five = differing(above.slice(0, 5));
  assert.match(
    five.no_p ?? '',
    /^5 pairs cannot give p below 0\.063; p < 0\.05 needs 6 pairs with a difference$/,
  );
  assert.deepEqual(five.verdict, { kind: 'undecided', more_seeds: 1, text: 'undecided: about 1 more seed' });
});

test('pairs without a difference do not help p to be small', () => {
  const pair = differing([0.05, 0.06, 0.04, 0.05, 0, 0, 0, 0]);
  assert.deepEqual([pair.n, pair.differ, pair.p], [8, 4, null]);
  assert.equal(
    pair.no_p,
    '8 pairs, of which 4 differ, cannot give p below 0.125; p < 0.05 needs 6 pairs with a difference',
  );
});

test("Holm's family is every declared comparison, also those that cannot be tested", () => {
  const alone = differing(above);
  const third = differing(above, 3);
  assert.equal(alone.p_holm, alone.p);
  assert.equal(third.p_holm, 3 * (third.p ?? 0));
});

test('fewer than two pairs have no interval, no p and no NaN', () => {
  for (const differences of [[], [0.01]]) {
    const pair = differing(differences);
    assert.deepEqual(
      [pair.n, pair.sd, pair.interval_90, pair.interval_95],
      [differences.length, null, null, null],
    );
    assert.deepEqual([pair.d_z, pair.p, pair.verdict.kind], [null, null, 'undecided']);
    assert.doesNotMatch(JSON.stringify(pair), /NaN|Infinity/);
    assert.equal(pair.verdict.kind === 'undecided' && pair.verdict.more_seeds, 6 - differences.length);
  }
});

test('differences that are all the same are handled: an interval of no width, no effect size', () => {
  const same = differing(Array(8).fill(0));
  assert.deepEqual([same.sd, same.interval_95, same.d_z, same.verdict.kind], [0, [0, 0], null, 'equivalent']);
  const shifted = differing(Array(8).fill(0.1));
  assert.deepEqual(
    [shifted.sd, shifted.d_z, shifted.p, shifted.verdict.kind],
    [0, null, 2 / 2 ** 8, 'better'],
  );
  assert.deepEqual(differing(Array(4).fill(0.1)).verdict, {
    kind: 'undecided',
    more_seeds: 2,
    text: 'undecided: about 2 more seeds',
  });
});

test('undecided says how many seeds more, up to a thousand', () => {
  const spread = [0.05, -0.04, 0.03, -0.05, 0.06, -0.03, 0.02, -0.02];
  const some = differing(spread.map((value) => value + 0.01));
  assert.equal(some.verdict.kind, 'undecided');
  assert.match(some.verdict.text, /^undecided: about \d+ more seeds$/);
  const many = differing(spread.map((value) => value * 10));
  assert.equal(many.verdict.text, 'undecided: more than 1000 seeds');
});

test('more seeds: the nearer of excluding 0 and lying within the margin, at least one, more for a larger family', () => {
  const evidence = { n: 8, differ: 8, interval_90: null, interval_95: null, p_holm: null };
  const more = (mean: number, sd: number, family: number): number =>
    moreSeeds({ ...evidence, mean, sd }, 0.005, family) ?? Number.NaN;
  // By the normal distribution ((1.960 + 0.842) 2)² = 31 and ((1.645 + 1.282) 4)² = 137 pairs in all; by t some more.
  assert.equal(more(0.01, 0.02, 1), 26);
  assert.equal(more(0, 0.02, 1), 131);
  assert.equal(more(0.02, 0.001, 1), 1);
  assert.ok(more(0.01, 0.02, 3) > more(0.01, 0.02, 1));
});

test('an exploratory comparison has intervals, no p, and claims nothing', () => {
  const b = madeUpArm('b', Array(8).fill(0.9));
  const texts = [
    above,
    above.map((value) => -value),
    above.map((value) => value - 0.02),
    Array(8).fill(0),
    [0.1],
  ].map((differences: number[]) => {
    const a = madeUpArm(
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

test('exploratory comparisons change nothing for the declared', () => {
  const arms = [
    madeUpArm('a', above),
    madeUpArm('b', Array(8).fill(0)),
    madeUpArm('c', [...above].reverse()),
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

test('an unknown arm is an error that names the nearest, and so is an arm against itself', () => {
  const arms = [madeUpArm('base', [0.9]), madeUpArm('wn-clip', [0.9])];
  const failing = (names: [string, string], message: RegExp): void =>
    assert.throws(
      () => run(arms, [names]),
      (error) => error instanceof UserError && error.code === 'E_CONFIG' && message.test(error.message),
    );
  failing(['wn-clop', 'base'], /there is no arm wn-clop \(nearest: wn-clip\)/);
  failing(['base', 'bass'], /there is no arm bass \(nearest: base\)/);
  failing(['base', 'base'], /two different arms/);
  assert.throws(() => run([], [['a', 'b']]), UserError);
});

test('backends are told, so that a mixture can be', () => {
  const wasm = madeUpArm('b', [0.9], (one) => ({ summary: { ...one.summary, backend: 'wasm' } }));
  assert.deepEqual(run([madeUpArm('a', [0.9]), wasm], []).backends, ['native', 'wasm']);
});

test('under the null, three comparisons at eight seeds are wrong at most in 5 % of experiments, intervals miss in 5 %', () => {
  const experiments = 2000;
  const random = rng(20261124, 'null');
  let wrong = 0;
  let covered = 0;
  for (let experiment = 0; experiment < experiments; experiment++) {
    const seeds = Array.from({ length: 8 }, () => normal(random));
    const arms = ['base', 'rescaled', 'wn', 'clip'].map((name) =>
      madeUpArm(
        name,
        seeds.map((seed) => 0.9 + 0.02 * seed + 0.02 * normal(random)),
      ),
    );
    const { comparisons } = run(arms, [
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

test('a seed that both arms lost to divergence is no pair, and it is named', () => {
  const lose = (run: ArmRun): Partial<ArmRun> =>
    run.seed < 2 ? { status: 'diverged', testAccuracy: 0.1 } : {};
  const [a, b] = [madeUpArm('a', [0.9, 0.9, 0.9, 0.8], lose), madeUpArm('b', [0.9, 0.9, 0.7, 0.7], lose)];
  const [pair] = run([a, b], [['a', 'b']]).comparisons;
  assert.deepEqual([pair!.n, pair!.both_diverged], [2, [0, 1]]);
  const all = (run: ArmRun): Partial<ArmRun> => ({ ...lose({ ...run, seed: 0 }) });
  const lost = run(
    [madeUpArm('a', Array(8).fill(0.9), all), madeUpArm('b', Array(8).fill(0.9), all)],
    [['a', 'b']],
  );
  assert.equal(lost.comparisons[0]!.verdict.kind, 'undecided');
});

test('so few pairs that nothing could be better or worse are not equivalent for having no width', () => {
  for (const [pairs, family, more] of [
    [2, 1, 4],
    [4, 2, 3],
  ] as const) {
    const { verdict } = differing(Array(pairs).fill(0), family);
    assert.equal(verdict.kind === 'undecided' && verdict.more_seeds, more, 'so many until it is equivalent');
  }
  assert.equal(differing([0, 0]).verdict.kind, 'undecided');
  assert.equal(differing(Array(6).fill(0)).verdict.kind, 'equivalent');
});
