/** @file A comparison's verdict in words, by rules that are declared before any run: see `verdictOf`. */

import { chanceOfDifference, chanceWithin, countUntilLikely } from './power.js';
import { pairsNeeded } from './sign-flip.js';
import type { Interval } from './stats.js';

/** Adjusted p below this decides a comparison. */
export const ALPHA = 0.05;
/** Above so many further seeds the number is not told. */
export const MOST_SEEDS = 1000;

/** What a comparison comes to; `text` says it in a few words. */
export type Verdict =
  | { readonly kind: 'better' | 'worse'; readonly text: string }
  | {
      readonly kind: 'equivalent';
      /** The difference is real, but smaller than the margin. */
      readonly real: boolean;
      readonly text: string;
    }
  | {
      readonly kind: 'undecided';
      /** About this many decide it with a chance of 80 %, see `moreSeeds`; null for more than `MOST_SEEDS`. */
      readonly more_seeds: number | null;
      readonly text: string;
    }
  | {
      readonly kind: 'exploratory';
      /** Where the interval lies; null without one. */
      readonly interval: 'within' | 'above' | 'below' | 'includes' | null;
      readonly text: string;
    };

/** What the rules look at. */
export interface Evidence {
  /** Number of pairs. */
  readonly n: number;
  /** Pairs whose difference is not 0. */
  readonly differ: number;
  readonly mean: number | null;
  readonly sd: number | null;
  readonly interval_90: Interval | null;
  readonly interval_95: Interval | null;
  /** Null where it was not tested. */
  readonly p_holm: number | null;
}

/**
 * Judges a declared comparison.
 *
 * 1. Equivalent: the 90 % interval lies within the margin, which is two one-sided tests at 5 %; not adjusted by Holm.
 *    An interval without width says nothing of so few pairs that they could not be better or worse.
 * 2. Better or worse, by the sign of the mean: p after Holm is below `ALPHA`.
 * 3. Undecided: everything else.
 */
export function verdictOf(evidence: Evidence, margin: number, family: number): Verdict {
  const real = evidence.p_holm !== null && evidence.p_holm < ALPHA;
  const hasWidth = evidence.sd !== 0 || evidence.n >= pairsNeeded(family, ALPHA);
  if (hasWidth && isWithin(evidence.interval_90, margin)) {
    const text = real ? `equivalent: a real difference, but below ${points(margin)} points` : 'equivalent';
    return { kind: 'equivalent', real, text };
  }
  if (real) {
    const kind = (evidence.mean ?? 0) > 0 ? 'better' : 'worse';
    return { kind, text: kind };
  }
  const more = moreSeeds(evidence, margin, family);
  const count =
    more === null ? `more than ${MOST_SEEDS} seeds` : `about ${more} more seed${more === 1 ? '' : 's'}`;
  return { kind: 'undecided', more_seeds: more, text: `undecided: ${count}` };
}

function isWithin(interval: Interval | null, margin: number): boolean {
  return interval !== null && interval[0] >= -margin && interval[1] <= margin;
}

/**
 * How many further seeds decide a comparison with a chance of at least 80 %, if mean and deviation stay as they are:
 * either the sign-flip test finds a difference at `ALPHA` / family with that chance, or the 90 % interval lies within
 * both margins with that chance. The two are not added up: at a mean of 0, differences that are found are false.
 *
 * @param family number of declared comparisons; dividing by it is Holm's first step, so Holm needs no more seeds
 * @returns at least 1, the smaller of the two numbers; null above `MOST_SEEDS`
 */
export function moreSeeds({ n, differ, mean, sd }: Evidence, margin: number, family: number): number | null {
  const needed = pairsNeeded(family, ALPHA);
  // Without spread any verdict waits for the same number of pairs, also for equivalence, where none differ.
  if (sd === 0) return Math.max(1, needed - n);
  const forP = Math.max(1, needed - differ);
  if (mean === null || sd === null) return forP;
  const different = (count: number): number =>
    chanceOfDifference(mean, sd, count - (n - differ), ALPHA / family);
  const equivalent = (count: number): number => chanceWithin(mean, sd, count, 0.9, [-margin, margin]);
  const forDifference = countUntilLikely(different, n + forP, n + MOST_SEEDS);
  // Equivalence matters only where it takes fewer.
  const most = Math.min(forDifference - 1, n + MOST_SEEDS);
  const total = Math.min(forDifference, countUntilLikely(equivalent, n + 1, most));
  return Number.isFinite(total) ? total - n : null;
}

/** Describes where the interval of an undeclared comparison lies, which claims nothing. */
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

/** A difference of accuracies as percentage points: 0.005 is `0.5`. */
export function points(accuracy: number): string {
  return String(Number((accuracy * 100).toPrecision(6)));
}
