/** @file The numbers of a comparison as text. */

import { type ArmSummary, LEVELS, type Spread } from './arm-summary.js';
import type { PairedComparison } from './compare.js';

/** A value that does not exist: not measured, never reached, or not tested. */
export const NOTHING = '-';

/** The levels of training accuracy: `90/95/97 %`. */
export const levelsHeading = `${LEVELS.map((level) => Math.round(level * 100)).join('/')} %`;

/** Numbers from here on have an exponent; only the losses of runs that nearly diverged are so large. */
const LARGE = 1e5;

/** `97.31 ± 0.24`, or `97.31` for one run; very large numbers as `2.34e+30`. */
export function spreadCell(spread: Spread | null, scale: number, digits: number): string {
  if (spread === null) return NOTHING;
  const cell = (value: number): string =>
    Math.abs(value * scale) < LARGE ? (value * scale).toFixed(digits) : (value * scale).toExponential(2);
  return spread.sd === null ? cell(spread.mean) : `${cell(spread.mean)} ± ${cell(spread.sd)}`;
}

/** Median steps to each level: `230/600/-`. */
export function stepsCell(arm: ArmSummary): string {
  return arm.steps_to
    .map((level) => (level.median === null ? NOTHING : String(Math.round(level.median))))
    .join('/');
}

/** The mean difference and its 95 % interval in percentage points: `+22.1 [19.8, 24.4]`; narrow intervals have two decimals. */
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

/** `0.008`, or `<0.001` */
export function pCell(p: number | null): string {
  if (p === null) return NOTHING;
  return p < SMALLEST_SHOWN ? `<${SMALLEST_SHOWN}` : p.toFixed(3);
}

/** A smaller p is shown as `<0.001`. */
export const SMALLEST_SHOWN = 0.001;

/** `wn − base`, with a minus sign, because names contain hyphens. */
export function pairName({ a, b }: Pick<PairedComparison, 'a' | 'b'>): string {
  return `${a} − ${b}`;
}

/** The arm that all of several comparisons subtract; null if there is none. A heading can show it once for all rows. */
export function commonReference(pairs: readonly PairedComparison[]): string | null {
  const [first, ...others] = pairs.map(({ b }) => b);
  return first !== undefined && others.length > 0 && others.every((b) => b === first) ? first : null;
}
