/** @file Compares arms over seeds: a summary of each arm, and paired statistics of test accuracy with a verdict. */

import { UserError } from '../errors.js';
import type { Arm, ArmRun } from '../results/arm.js';
import { nearest } from '../text/nearest.js';
import { plural } from '../text/plural.js';
import { type ArmSummary, summariseArm } from './arm-summary.js';
import { pairsNeeded, type SignFlip, signFlip, smallestP } from './sign-flip.js';
import { effectSize, holm, type Interval, mean, standardDeviation, tInterval } from './stats.js';
import { ALPHA, exploratoryVerdict, type Verdict, verdictOf } from './verdict.js';

/** What to compare. */
export interface CompareInput {
  readonly arms: readonly Arm[];
  /** Pairs of arm names, `[a, b]` for a − b, declared before the runs: they are tested and form Holm's family. */
  readonly comparisons: readonly (readonly [string, string])[];
  /** Pairs that were not declared: they have intervals, but no p. */
  readonly exploratory: readonly (readonly [string, string])[];
  /** The equivalence margin, a difference of test accuracies. */
  readonly margin: number;
  /** Sentences on the runs: what was excluded, and what limits the comparison. */
  readonly notes: readonly string[];
}

/** The difference of two arms, a − b in test accuracy, over the seeds that both have. */
export interface PairedComparison {
  readonly a: string;
  readonly b: string;
  readonly declared: boolean;
  /** The number of pairs. */
  readonly n: number;
  /** The number of pairs whose difference is not 0. */
  readonly differ: number;
  /** Excluded seeds of a, because b has no run of them. */
  readonly only_a: readonly number[];
  /** Excluded seeds of b, because a has no run of them. */
  readonly only_b: readonly number[];
  /** Excluded seeds, because both runs diverged: such a pair has no information about the difference. */
  readonly both_diverged: readonly number[];
  /** The difference of every pair, by seed. */
  readonly differences: readonly { readonly seed: number; readonly difference: number }[];
  /** Null without pairs. */
  readonly mean: number | null;
  /** The standard deviation of the differences. Null below two pairs, like the intervals. */
  readonly sd: number | null;
  /** Paired t intervals of the mean. */
  readonly interval_90: Interval | null;
  readonly interval_95: Interval | null;
  /** Cohen's d of paired differences with Hedges' correction. Null below three pairs, or if all are equal. */
  readonly d_z: number | null;
  /** p of the sign-flip test. Null if not declared, and if it cannot be below 0.05 after Holm. */
  readonly p: number | null;
  readonly p_method: SignFlip['method'] | null;
  readonly p_holm: number | null;
  /** The smallest possible p after Holm with this number of non-zero differences; null without a test. */
  readonly smallest_p: number | null;
  /** Why a declared comparison has no p. */
  readonly no_p: string | null;
  readonly verdict: Verdict;
}

/** A complete comparison, as `--format json` prints it. */
export interface Comparison {
  readonly notes: readonly string[];
  readonly margin: number;
  /** The number of declared comparisons, including those that cannot be tested. */
  readonly family: number;
  /** The backends of the runs. */
  readonly backends: readonly string[];
  readonly arms: readonly ArmSummary[];
  /** The declared comparisons. */
  readonly comparisons: readonly PairedComparison[];
  readonly exploratory: readonly PairedComparison[];
}

/** The statistics of a pair of arms, before tests and verdicts. */
type Pairing = Omit<
  PairedComparison,
  'declared' | 'p' | 'p_method' | 'p_holm' | 'smallest_p' | 'no_p' | 'verdict'
>;

type Pairs = CompareInput['comparisons'];

/**
 * Compares arms, paired by seed: each difference is that of two runs with the same seed.
 *
 * Of each pair of arms it computes the paired t interval of the mean and the effect size d_z. Declared pairs also get a
 * sign-flip permutation test, adjusted by Holm's method over all declared pairs, and a verdict (see `verdictOf`).
 *
 * @throws {UserError} E_CONFIG if a comparison names an unknown arm, or the same arm twice
 * @see `tInterval`, `effectSize`, `signFlip`, `holm` and `verdictOf`, which name the sources of the methods
 */
export function compare({ arms, comparisons, exploratory: others, margin, notes }: CompareInput): Comparison {
  const pairingsOf = (names: Pairs): Pairing[] => names.map((name) => pair(...findArms(arms, name)));
  const backends = new Set(arms.flatMap((arm) => arm.runs.map((run) => run.summary.backend)));
  return {
    notes,
    margin,
    family: comparisons.length,
    backends: [...backends].sort(),
    arms: arms.map(summariseArm),
    comparisons: declared(pairingsOf(comparisons), margin),
    exploratory: pairingsOf(newPairs(others, comparisons)).map((pairing) => exploratory(pairing, margin)),
  };
}

function exploratory(pairing: Pairing, margin: number): PairedComparison {
  return {
    ...pairing,
    declared: false,
    p: null,
    p_method: null,
    p_holm: null,
    smallest_p: null,
    no_p: null,
    verdict: exploratoryVerdict({ ...pairing, p_holm: null }, margin),
  };
}

/** The family of declared comparisons. A test whose smallest possible p is not below `ALPHA` is not made. */
function declared(pairings: readonly Pairing[], margin: number): PairedComparison[] {
  const family = pairings.length;
  const samples = pairings.map(({ differences }) => differences.map(({ difference }) => difference));
  const smallest = holm(samples.map(smallestP));
  const tests = samples.map((values, index) => ((smallest[index] ?? 1) < ALPHA ? signFlip(values) : null));
  const adjusted = holm(tests.map((test) => test?.p ?? 1));
  return pairings.map((pairing, index) => {
    const test = tests[index] ?? null;
    const p_holm = test && (adjusted[index] ?? 1);
    return {
      ...pairing,
      declared: true,
      p: test?.p ?? null,
      p_method: test?.method ?? null,
      p_holm,
      smallest_p: test && (smallest[index] ?? 1),
      no_p: test ? null : tooFewSeeds(pairing, family),
      verdict: verdictOf({ ...pairing, p_holm }, margin, family),
    };
  });
}

function tooFewSeeds({ n, differ }: Pairing, family: number): string {
  const few =
    differ === n
      ? `${plural(n, 'seed')} ${n === 1 ? 'is' : 'are'} too few`
      : `${differ} of ${plural(n, 'seed')} differ, which is too few`;
  const over = family === 1 ? '' : `with ${family} comparisons (Holm), `;
  return `${few}: ${over}p < ${ALPHA} needs at least ${pairsNeeded(family, ALPHA)}${differ === n ? '' : ' that differ'}`;
}

function pair(a: Arm, b: Arm): Pairing {
  const [runsOfA, runsOfB] = [bySeed(a), bySeed(b)];
  const shared = [...runsOfA].flatMap(([seed, run]) => {
    const other = runsOfB.get(seed);
    return other === undefined ? [] : [{ seed, run, other }];
  });
  const bothDiverged = ({ run, other }: (typeof shared)[number]): boolean =>
    run.status === 'diverged' && other.status === 'diverged';
  const differences = shared
    .filter((each) => !bothDiverged(each))
    .map(({ seed, run, other }) => ({ seed, difference: run.testAccuracy - other.testAccuracy }));
  const values = differences.map(({ difference }) => difference);
  const n = values.length;
  return {
    a: a.name,
    b: b.name,
    n,
    differ: values.filter((value) => value !== 0).length,
    only_a: [...runsOfA.keys()].filter((seed) => !runsOfB.has(seed)),
    only_b: [...runsOfB.keys()].filter((seed) => !runsOfA.has(seed)),
    both_diverged: shared.filter(bothDiverged).map(({ seed }) => seed),
    differences,
    mean: n === 0 ? null : mean(values),
    sd: n < 2 ? null : standardDeviation(values),
    interval_90: n < 2 ? null : tInterval(values, 0.9),
    interval_95: n < 2 ? null : tInterval(values, 0.95),
    d_z: effectSize(values),
  };
}

/** The runs by seed, in ascending order. */
function bySeed({ runs }: Arm): Map<number, ArmRun> {
  return new Map([...runs].sort((x, y) => x.seed - y.seed).map((run) => [run.seed, run]));
}

function findArms(arms: readonly Arm[], [a, b]: readonly [string, string]): [Arm, Arm] {
  const names = arms.map((arm) => arm.name);
  const find = (name: string): Arm => {
    const arm = arms.find((candidate) => candidate.name === name);
    if (arm) return arm;
    throw new UserError(
      'E_CONFIG',
      `Comparison ${a} − ${b}: expected the name of an arm, got ${name}${nearest(name, names)}.`,
      { hint: names.length === 0 ? undefined : `The arms are ${names.join(', ')}.` },
    );
  };
  if (a === b) throw new UserError('E_CONFIG', `Comparison ${a} − ${b}: expected two different arms.`);
  return [find(a), find(b)];
}

/** The pairs that occur for the first time, in either direction. */
function newPairs(pairs: Pairs, before: Pairs): Pairs {
  return pairs.filter(([a, b], index) =>
    [...before, ...pairs.slice(0, index)].every(([c, d]) => !((a === c && b === d) || (a === d && b === c))),
  );
}
