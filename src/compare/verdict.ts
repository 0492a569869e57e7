/** @file The verdict of a comparison, by rules that are fixed before any run. */

import { plural } from '../text/plural.js';
import { chanceIntervalWithin, countForPower, powerOfTest } from './power.js';
import { pairsNeeded } from './sign-flip.js';
import type { Interval } from './stats.js';

/** The significance level: a difference is significant if its p after Holm is below. */
export const ALPHA = 0.05;
/** The largest number of additional seeds that is reported. */
export const MAX_MORE_SEEDS = 1000;

/** The verdict of a comparison; `text` is its short description. */
export type Verdict =
  | { readonly kind: 'better' | 'worse'; readonly text: string }
  | {
      readonly kind: 'equivalent';
      /** Whether the difference is significant, although it is within the margin. */
      readonly real: boolean;
      readonly text: string;
    }
  | {
      readonly kind: 'undecided';
      /** The number of additional seeds for a power of 80 %, see `moreSeeds`; null above `MAX_MORE_SEEDS`. */
      readonly more_seeds: number | null;
      readonly text: string;
    }
  | {
      readonly kind: 'exploratory';
      /** The position of the interval; null if there is no interval. */
      readonly interval: 'within' | 'above' | 'below' | 'includes' | null;
      readonly text: string;
    };

/** The statistics that a verdict is based on. */
export interface Evidence {
  /** The number of pairs. */
  readonly n: number;
  /** The number of pairs whose difference is not 0. */
  readonly differ: number;
  readonly mean: number | null;
  readonly sd: number | null;
  readonly interval_90: Interval | null;
  readonly interval_95: Interval | null;
  /** Null if there was no test. */
  readonly p_holm: number | null;
}

/**
 * The verdict of a declared comparison.
 *
 * 1. Equivalent: the 90 % interval is within the margin. This interval inclusion is the same as two one-sided t tests
 *    (TOST) at 5 %; Holm does not adjust it. An interval of zero width counts only if there are enough pairs for a
 *    significant difference.
 * 2. Better or worse, by the sign of the mean: p after Holm is below `ALPHA`.
 * 3. Undecided otherwise.
 *
 * @see Schuirmann 1987, "A comparison of the two one-sided tests procedure and the power approach"; Lakens 2017,
 * "Equivalence tests"
 */
export function verdictOf(evidence: Evidence, margin: number, family: number): Verdict {
  const isSignificant = evidence.p_holm !== null && evidence.p_holm < ALPHA;
  const hasWidth = evidence.sd !== 0 || evidence.n >= pairsNeeded(family, ALPHA);
  if (hasWidth && isWithin(evidence.interval_90, margin)) {
    const text = isSignificant
      ? `equivalent: significant, but within the margin of ${points(margin)} points`
      : 'equivalent';
    return { kind: 'equivalent', real: isSignificant, text };
  }
  if (isSignificant) {
    const kind = (evidence.mean ?? 0) > 0 ? 'better' : 'worse';
    return { kind, text: kind };
  }
  const more = moreSeeds(evidence, margin, family);
  const count =
    more === null ? `more than ${plural(MAX_MORE_SEEDS, 'more seed')}` : `about ${plural(more, 'more seed')}`;
  return { kind: 'undecided', more_seeds: more, text: `undecided: needs ${count}` };
}

function isWithin(interval: Interval | null, margin: number): boolean {
  return interval !== null && interval[0] >= -margin && interval[1] <= margin;
}

/**
 * The number of additional seeds for a power of 80 %, if mean and standard deviation stay the same: the smaller of the
 * number for a significant difference (sign-flip test at `ALPHA` / family) and the number for equivalence (90 % interval
 * within the margin). The two probabilities are not added, because at a mean of 0 every significant difference is a
 * false positive.
 *
 * @param family number of declared comparisons; Holm needs no more seeds than `ALPHA` / family, its first step
 * @returns at least 1; null above `MAX_MORE_SEEDS`
 */
export function moreSeeds({ n, differ, mean, sd }: Evidence, margin: number, family: number): number | null {
  const needed = pairsNeeded(family, ALPHA);
  // Without spread, every verdict needs the same number of pairs.
  if (sd === 0) return Math.max(1, needed - n);
  const forP = Math.max(1, needed - differ);
  if (mean === null || sd === null) return forP;
  const powerOfDifference = (count: number): number =>
    powerOfTest(mean, sd, count - (n - differ), ALPHA / family);
  const powerOfEquivalence = (count: number): number =>
    chanceIntervalWithin(mean, sd, count, 0.9, [-margin, margin]);
  const forDifference = countForPower(powerOfDifference, n + forP, n + MAX_MORE_SEEDS);
  // Equivalence matters only if it needs fewer.
  const most = Math.min(forDifference - 1, n + MAX_MORE_SEEDS);
  const total = Math.min(forDifference, countForPower(powerOfEquivalence, n + 1, most));
  return Number.isFinite(total) ? total - n : null;
}

/** The position of the interval of an exploratory comparison. It is a description, not a claim. */
export function exploratoryVerdict({ interval_90, interval_95 }: Evidence, margin: number): Verdict {
  const verdict = (interval: 'within' | 'above' | 'below' | 'includes' | null, text: string): Verdict => ({
    kind: 'exploratory',
    interval,
    text,
  });
  if (interval_95 === null) return verdict(null, 'no interval');
  if (isWithin(interval_90, margin)) return verdict('within', `within ±${points(margin)}`);
  if (interval_95[0] > 0) return verdict('above', 'interval above 0');
  if (interval_95[1] < 0) return verdict('below', 'interval below 0');
  return verdict('includes', 'interval includes 0');
}

/** A difference of accuracies in percentage points: 0.005 is `0.5`. */
export function points(accuracy: number): string {
  return String(Number((accuracy * 100).toPrecision(6)));
}
