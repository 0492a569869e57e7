/** @file The numbers and sentences of a comparison, as every form of its report shows them. */

import { type ArmSummary, LEVELS, type Spread, WINDOW_STEPS } from './arm-summary.js';
import type { Comparison, PairedComparison } from './compare.js';
import { EXACT_PAIRS, SAMPLES } from './sign-flip.js';
import { ALPHA, points } from './verdict.js';

/** Stands for what is not there: not measured, never reached, not tested. */
export const NOTHING = '-';

/** The levels as a heading: `90/95/97 %`. */
export const levelsHeading = `${LEVELS.map((level) => Math.round(level * 100)).join('/')} %`;

/** A smaller p is shown as `<0.001`; that the number of pairs limits it then changes nothing for a reader. */
const SMALLEST_SHOWN = 0.001;

/** `97.31 ± 0.24`; of one run `97.31`. */
export function spreadCell(spread: Spread | null, scale: number, digits: number): string {
  if (spread === null) return NOTHING;
  const cell = (value: number): string => (value * scale).toFixed(digits);
  return spread.sd === null ? cell(spread.mean) : `${cell(spread.mean)} ± ${cell(spread.sd)}`;
}

/** Median steps to each level: `230/600/-`. */
export function stepsCell(arm: ArmSummary): string {
  return arm.steps_to
    .map((level) => (level.median === null ? NOTHING : String(Math.round(level.median))))
    .join('/');
}

/** A mean difference and its 95 % interval in percentage points: `+22.1 [19.8, 24.4]`; narrow ones with two decimals. */
export function differenceCell({ mean, interval_95: interval }: PairedComparison): string {
  if (mean === null) return NOTHING;
  const digits = interval !== null && (interval[1] - interval[0]) / 2 >= 0.01 ? 1 : 2;
  const cell = (value: number): string => {
    const text = (value * 100).toFixed(digits);
    return text.replace('-', Number(text) === 0 ? '' : '−');
  };
  const signed = Number((mean * 100).toFixed(digits)) > 0 ? `+${cell(mean)}` : cell(mean);
  return interval === null ? signed : `${signed} [${cell(interval[0])}, ${cell(interval[1])}]`;
}

/** `1.33` */
export function effectCell(effect: number | null): string {
  return effect === null ? NOTHING : effect.toFixed(2).replace('-', '−');
}

/** The name of a comparison; a true minus sign, as names contain hyphens. */
export function pairName({ a, b }: PairedComparison): string {
  return `${a} − ${b}`;
}

/**
 * What the row of a comparison leaves to be said: seeds left out, why there is no interval, no width, no p, and how
 * small p can be.
 *
 * @param family number of declared comparisons
 */
export function remarks(pair: PairedComparison, family: number): string[] {
  const leftOut = (seeds: readonly number[], other: string): string[] =>
    seeds.length === 0
      ? []
      : [`left out ${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')}: no result in ${other}`];
  const found = [...leftOut(pair.only_a, pair.b), ...leftOut(pair.only_b, pair.a)];
  if (pair.both_diverged.length > 0)
    found.push(`left out, as both diverged: ${pair.both_diverged.join(', ')}`);
  if (pair.n < 2) found.push(pair.n === 0 ? 'no seed has a result in both' : 'one pair gives no interval');
  if (pair.sd === 0) found.push('every pair has the same difference, so the interval has no width');
  if (pair.no_p !== null && pair.n > 0 && pair.verdict.kind === 'undecided') found.push(pair.no_p);
  found.push(...disagreement(pair, family));
  return [...found, ...smallestPRemark(pair, family)];
}

/** Why a verdict and the 95 % interval seem to say different things; nothing where they do not. */
function disagreement(
  { verdict, interval_95: interval, p_holm }: PairedComparison,
  family: number,
): string[] {
  if (interval === null || p_holm === null) return [];
  const includesZero = interval[0] <= 0 && interval[1] >= 0;
  const isDecided = verdict.kind === 'better' || verdict.kind === 'worse';
  if (isDecided && includesZero) {
    return [
      `the interval includes 0, but p decides: the sign-flip test does not assume that the differences are normally distributed, as the interval does`,
    ];
  }
  if (verdict.kind === 'undecided' && !includesZero) {
    return [
      `the interval excludes 0, but p decides: it is ${pCell(p_holm)}${family === 1 ? '' : `, adjusted for ${family} comparisons`}, which is not below ${ALPHA}`,
    ];
  }
  return [];
}

/**
 * The smallest p that the pairs can give, where it matters: it is the p found, or the only one below `ALPHA`, as all
 * others are at least twice as large.
 */
function smallestPRemark({ differ, smallest_p, p_holm }: PairedComparison, family: number): string[] {
  const matters = smallest_p !== null && (2 * smallest_p >= ALPHA || p_holm === smallest_p);
  if (!matters || smallest_p < SMALLEST_SHOWN) return [];
  const over = family === 1 ? '' : ` after Holm over ${family} comparisons`;
  return [`p${over} cannot be below ${pCell(smallest_p)} with ${differ} pairs that differ`];
}

/** `0.008`, `<0.001`. */
export function pCell(p: number | null): string {
  if (p === null) return NOTHING;
  return p < 0.001 ? '<0.001' : p.toFixed(3);
}

/** How to read the tables, in whole sentences. */
export function footnotes(comparison: Comparison): string[] {
  const { arms, comparisons, exploratory, family, margin } = comparison;
  const diverged = arms.reduce((sum, arm) => sum + arm.diverged, 0);
  const sampled = comparisons.some((pair) => pair.p_method === 'sampled');
  const notes = [
    `Accuracy is on test data, after the last step; ± is one standard deviation over runs. A run that diverged counts with the accuracy of guessing; ${diverged === 0 ? 'no run' : diverged === 1 ? 'one run' : `${diverged} runs`} here diverged.`,
    `Steps: the first at which training accuracy over the last ${WINDOW_STEPS} steps reaches ${levelsHeading}; the median over runs, ${NOTHING} where half or more never did.`,
  ];
  if (comparisons.length + exploratory.length > 0)
    notes.push(
      'Differences are in percentage points of test accuracy. The unit is the seed: runs of one seed are paired, and the interval is the 95 % t interval of the mean difference. Intervals and tests cover the choice of seeds, not that of the test images, which are the same for all runs. d_z is that mean over its standard deviation, corrected for few pairs.',
    );
  if (family > 0)
    notes.push(
      `p: two-sided sign-flip test${sampled ? `, by ${SAMPLES.toLocaleString('en')} random sign vectors above ${EXACT_PAIRS} pairs` : ', exact'}; ${family === 1 ? 'one comparison was declared, so nothing is adjusted' : `adjusted by Holm over the ${family} declared comparisons`}. Equivalent: the 90 % interval lies within ±${points(margin)} points.${family === 1 ? '' : ' Holm adjusts p alone: intervals, and so the verdict equivalent, are not adjusted for the number of comparisons.'} Undecided: with about that many more seeds, there is an 80 % chance of finding either equivalence or a difference, if mean and deviation stay as they are.`,
    );
  if (exploratory.length > 0)
    notes.push(
      'Exploratory comparisons were not declared: no p, and their intervals are not adjusted for their number. Some will exclude 0 by chance.',
    );
  return notes;
}
