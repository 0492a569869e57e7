/** @file Compares arms over seeds: each arm summed up, and the differences of pairs of runs that share a seed. */

import { UserError } from '../errors.js';
import type { Arm, ArmRun } from '../results/arm.js';
import { nearest } from '../text/nearest.js';
import { type ArmSummary, summariseArm } from './arm-summary.js';
import { pairsNeeded, type SignFlip, signFlip, smallestP } from './sign-flip.js';
import { effectSize, holm, type Interval, mean, standardDeviation, tInterval } from './stats.js';
import { ALPHA, exploratoryVerdict, type Verdict, verdictOf } from './verdict.js';

/** What to compare. */
export interface CompareInput {
  readonly arms: readonly Arm[];
  /** Pairs of arm names, `[a, b]` for a - b, declared beforehand: with p-values, Holm's family. */
  readonly comparisons: readonly (readonly [string, string])[];
  /** Pairs that were not: intervals, no p. */
  readonly exploratory: readonly (readonly [string, string])[];
  /** Of test accuracy. */
  readonly margin: number;
  /** What is to be said of the runs, in whole sentences: what was left out, and what to keep in mind. */
  readonly notes: readonly string[];
}

/** The difference of two arms, a - b in test accuracy, over the seeds that both have. */
export interface PairedComparison {
  readonly a: string;
  readonly b: string;
  readonly declared: boolean;
  /** Number of pairs. */
  readonly n: number;
  /** Pairs whose difference is not 0. */
  readonly differ: number;
  /** Seeds left out because the other arm has no run of them. */
  readonly only_a: readonly number[];
  readonly only_b: readonly number[];
  /** Seeds left out because both runs diverged: they say nothing of the difference. */
  readonly both_diverged: readonly number[];
  /** Of every pair, by seed. */
  readonly differences: readonly { readonly seed: number; readonly difference: number }[];
  /** Null without pairs. */
  readonly mean: number | null;
  /** Standard deviation of the differences. Null, as are the intervals, below two pairs. */
  readonly sd: number | null;
  readonly interval_90: Interval | null;
  readonly interval_95: Interval | null;
  /** Cohen's d of paired differences with Hedges' correction. Null below three pairs, or if all are equal. */
  readonly d_z: number | null;
  /** Of the sign-flip test. Null if not declared, and where it could not be below 0.05 after Holm. */
  readonly p: number | null;
  readonly p_method: SignFlip['method'] | null;
  readonly p_holm: number | null;
  /** The smallest p, after Holm, that this number of pairs that differ can give; null where there is no p. */
  readonly smallest_p: number | null;
  /** Why a declared comparison has no p. */
  readonly no_p: string | null;
  readonly verdict: Verdict;
}

/** Everything that the reports show, and what `--format json` prints. */
export interface Comparison {
  /** As they were given. */
  readonly notes: readonly string[];
  readonly margin: number;
  /** Number of declared comparisons, those that cannot be tested included. */
  readonly family: number;
  /** Backends of the runs; results are comparable within one. */
  readonly backends: readonly string[];
  readonly arms: readonly ArmSummary[];
  /** The declared ones. */
  readonly comparisons: readonly PairedComparison[];
  readonly exploratory: readonly PairedComparison[];
}

/** What is found before anything is judged. */
type Pairing = Omit<
  PairedComparison,
  'declared' | 'p' | 'p_method' | 'p_holm' | 'smallest_p' | 'no_p' | 'verdict'
>;

type Pairs = CompareInput['comparisons'];

/**
 * Compares arms. The seed is the unit: a difference is that of two runs of one seed.
 *
 * @throws {UserError} E_CONFIG if a comparison names an arm that is not there, or one arm twice
 */
export function compare({ arms, comparisons, exploratory: others, margin, notes }: CompareInput): Comparison {
  const pairingsOf = (names: CompareInput['comparisons']): Pairing[] =>
    names.map((name) => pair(...findArms(arms, name)));
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

function declared(pairings: readonly Pairing[], margin: number): PairedComparison[] {
  const family = pairings.length;
  const samples = pairings.map(({ differences }) => differences.map(({ difference }) => difference));
  // The best that each could come to. No p is shown where even that decides nothing.
  const best = holm(samples.map(smallestP));
  const tests = samples.map((values, index) => (best[index] < ALPHA ? signFlip(values) : null));
  const adjusted = holm(tests.map((found) => found?.p ?? 1));
  return pairings.map((pairing, index) => {
    const test = tests[index];
    const p_holm = test ? adjusted[index] : null;
    return {
      ...pairing,
      declared: true,
      p: test?.p ?? null,
      p_method: test?.method ?? null,
      p_holm,
      smallest_p: test ? best[index] : null,
      no_p: test ? null : whyNoP(pairing, family, best[index]),
      verdict: verdictOf({ ...pairing, p_holm }, margin, family),
    };
  });
}

/** @param smallest p that the pairs can give, after Holm */
function whyNoP({ n, differ }: Pairing, family: number, smallest: number): string {
  const pairs = (count: number): string => `${count} ${count === 1 ? 'pair' : 'pairs'}`;
  const found = differ === n ? pairs(n) : `${pairs(n)}, of which ${differ} differ,`;
  const over = family === 1 ? '' : ` after Holm over ${family} comparisons`;
  const needed = pairsNeeded(family, ALPHA);
  return `${found} cannot give p below ${smallest.toFixed(3)}${over}; p < ${ALPHA} needs ${needed} pairs with a difference`;
}

function pair(a: Arm, b: Arm): Pairing {
  const [ofA, ofB] = [bySeed(a), bySeed(b)];
  const shared = [...ofA].flatMap(([seed, run]) => {
    const other = ofB.get(seed);
    return other === undefined ? [] : [{ seed, run, other }];
  });
  const isLost = ({ run, other }: (typeof shared)[number]): boolean =>
    run.status === 'diverged' && other.status === 'diverged';
  const differences = shared
    .filter((each) => !isLost(each))
    .map(({ seed, run, other }) => ({ seed, difference: run.testAccuracy - other.testAccuracy }));
  const values = differences.map(({ difference }) => difference);
  const n = values.length;
  return {
    a: a.name,
    b: b.name,
    n,
    differ: values.filter((value) => value !== 0).length,
    only_a: [...ofA.keys()].filter((seed) => !ofB.has(seed)),
    only_b: [...ofB.keys()].filter((seed) => !ofA.has(seed)),
    both_diverged: shared.filter(isLost).map(({ seed }) => seed),
    differences,
    mean: n === 0 ? null : mean(values),
    sd: n < 2 ? null : standardDeviation(values),
    interval_90: n < 2 ? null : tInterval(values, 0.9),
    interval_95: n < 2 ? null : tInterval(values, 0.95),
    d_z: effectSize(values),
  };
}

/** Runs by seed, in order. */
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
      `Comparison ${a} − ${b}: there is no arm ${name}${nearest(name, names)}.`,
      {
        hint: names.length === 0 ? undefined : `The arms are ${names.join(', ')}.`,
      },
    );
  };
  if (a === b) throw new UserError('E_CONFIG', `Comparison ${a} − ${b}: expected two different arms.`);
  return [find(a), find(b)];
}

/** The pairs that were not there before, in either direction. */
function newPairs(pairs: Pairs, before: Pairs): Pairs {
  return pairs.filter(([a, b], index) =>
    [...before, ...pairs.slice(0, index)].every(([c, d]) => !((a === c && b === d) || (a === d && b === c))),
  );
}
