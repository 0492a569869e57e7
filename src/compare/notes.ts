/** @file The sentences below the tables of a comparison: remarks on comparisons, notes on the runs, and how to read it. */

import { WINDOW_STEPS } from './arm-summary.js';
import { levelsHeading, NOTHING, pairName, pCell, SMALLEST_SHOWN } from './cells.js';
import type { Comparison, PairedComparison } from './compare.js';
import { EXACT_PAIRS, SAMPLES } from './sign-flip.js';
import { ALPHA, points } from './verdict.js';

/** All sentences of a comparison; the verdicts are in the tables. */
export function comparisonNotes(comparison: Comparison): string[] {
  const { comparisons, exploratory, family, notes } = comparison;
  return [
    ...[...comparisons, ...exploratory].flatMap((pair) => sentence(pair, remarks(pair, family))),
    ...notes,
    ...footnotes(comparison),
  ];
}

/** Remarks with the complete verdicts, for the terminal, whose tables have short verdicts. */
export function verdictNotes(pairs: readonly PairedComparison[], family: number): string[] {
  return pairs.flatMap((pair) => {
    const { kind, text } = pair.verdict;
    return sentence(pair, [...(pair.declared && text !== kind ? [text] : []), ...remarks(pair, family)]);
  });
}

function sentence(pair: PairedComparison, parts: readonly string[]): string[] {
  return parts.length === 0 ? [] : [`${pairName(pair)}: ${parts.join('; ')}.`];
}

/**
 * Remarks on a comparison: excluded seeds, why there is no interval or p, and the smallest possible p.
 *
 * @param family number of declared comparisons
 */
export function remarks(pair: PairedComparison, family: number): string[] {
  return [
    ...excluded(pair.only_a, `${pair.b} has no result`),
    ...excluded(pair.only_b, `${pair.a} has no result`),
    ...excluded(pair.both_diverged, 'both runs diverged'),
    ...(pair.n === 0 ? ['no seed has a result in both arms'] : []),
    ...(pair.n === 1 ? ['an interval needs at least 2 seeds'] : []),
    ...(pair.sd === 0 ? ['all differences are equal, so the interval has zero width'] : []),
    ...(pair.no_p !== null && pair.n > 0 && pair.verdict.kind === 'undecided' ? [pair.no_p] : []),
    ...disagreement(pair, family),
    ...smallestPossibleP(pair, family),
  ];
}

function excluded(seeds: readonly number[], reason: string): string[] {
  if (seeds.length === 0) return [];
  return [`excluded ${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')}: ${reason}`];
}

/** Explains a verdict that seems to contradict the 95 % interval. */
function disagreement(
  { verdict, interval_95: interval, p_holm }: PairedComparison,
  family: number,
): string[] {
  if (interval === null || p_holm === null) return [];
  const includesZero = interval[0] <= 0 && interval[1] >= 0;
  const isDecided = verdict.kind === 'better' || verdict.kind === 'worse';
  if (isDecided && includesZero) {
    return [
      'the interval includes 0, but the verdict depends on p: unlike the interval, the sign-flip test does not assume normally distributed differences',
    ];
  }
  if (verdict.kind === 'undecided' && !includesZero) {
    return [
      `the interval excludes 0, but the verdict depends on p: it is ${pCell(p_holm)}${family === 1 ? '' : `, adjusted for ${family} comparisons`}, which is not below ${ALPHA}`,
    ];
  }
  return [];
}

/** The smallest possible p, if it limits the result: it is the p found, or the only possible p below `ALPHA`. */
function smallestPossibleP({ differ, smallest_p, p_holm }: PairedComparison, family: number): string[] {
  // All other possible p are at least twice as large.
  const matters = smallest_p !== null && (2 * smallest_p >= ALPHA || p_holm === smallest_p);
  if (!matters || smallest_p < SMALLEST_SHOWN) return [];
  const over = family === 1 ? '' : ` and ${family} comparisons (Holm)`;
  return [`${pCell(smallest_p)} is the smallest possible p with ${differ} seeds that differ${over}`];
}

/** How to read the tables. */
export function footnotes(comparison: Comparison): string[] {
  const { arms, comparisons, exploratory, family } = comparison;
  const diverged = arms.reduce((sum, arm) => sum + arm.diverged, 0);
  const divergedHere = diverged === 0 ? 'no run' : diverged === 1 ? 'one run' : `${diverged} runs`;
  return [
    `Accuracy is measured on test data after the last step; ± is one standard deviation over runs. A diverged run counts with chance-level accuracy; here ${divergedHere} diverged.`,
    `Steps: the first step at which training accuracy, averaged over ${WINDOW_STEPS} steps, reaches ${levelsHeading}; the median over runs, or ${NOTHING} if half of the runs or more never did.`,
    ...(comparisons.length + exploratory.length > 0
      ? [
          "Differences are in percentage points of test accuracy. Runs are paired by seed, and the interval is the 95 % t interval of the mean difference. Intervals and tests cover the variation between seeds, not the choice of test images, which are the same for all runs. d_z is Cohen's d of the paired differences: their mean divided by their standard deviation, with Hedges' correction for few pairs.",
        ]
      : []),
    ...(family > 0 ? [testFootnote(comparison)] : []),
    ...(exploratory.length > 0
      ? [
          'Exploratory comparisons were not declared before the runs: they have no p, and their intervals are not adjusted for their number. Some intervals exclude 0 by chance.',
        ]
      : []),
  ];
}

function testFootnote({ comparisons, family, margin }: Comparison): string {
  const isSampled = comparisons.some((pair) => pair.p_method === 'sampled');
  const method = isSampled
    ? `with ${SAMPLES.toLocaleString('en')} random sign vectors above ${EXACT_PAIRS} pairs`
    : 'exact';
  const adjustment =
    family === 1
      ? 'not adjusted, because only one comparison was declared'
      : `adjusted by Holm's method for the ${family} declared comparisons`;
  return [
    `p: two-sided sign-flip permutation test, ${method}; ${adjustment}.`,
    `Equivalent: the 90 % interval is within ±${points(margin)} points.`,
    ...(family === 1
      ? []
      : [
          "Holm's method adjusts only p: intervals, and therefore the verdict equivalent, are not adjusted for the number of comparisons.",
        ]),
    'Undecided: with the number of further seeds given above, there is an 80 % chance of finding either equivalence or a difference, if mean and standard deviation stay the same.',
  ].join(' ');
}
