/** @file The range of a y axis. A few extreme values, such as those of a run that diverges, do not flatten all curves. */

import type { Range } from './view-state.js';

/** A range, and the number of curves that leave it. */
export interface YRange {
  readonly range: Range;
  readonly above: number;
  readonly below: number;
}

/** Values are extreme if the range of all is this many times that of the others. */
const EXTREME = 6;
/** The share of values at each end that may be extreme. */
const SHARE = 0.02;
const MARGIN = 0.05;

/**
 * The range in which curves are drawn.
 *
 * @param curves finite values or null
 * @param isLog whether the axis is logarithmic; values are then positive
 * @returns null without values
 */
export function yRange(curves: readonly (readonly (number | null)[])[], isLog: boolean): YRange | null {
  const forward = isLog ? Math.log10 : (value: number): number => value;
  const back = isLog ? (value: number): number => 10 ** value : (value: number): number => value;
  const all = Float64Array.from(
    curves.flatMap((curve) => curve.flatMap((value) => (value === null ? [] : forward(value)))),
  );
  if (all.length === 0) return null;
  all.sort();
  const at = (share: number): number => all[Math.round(share * (all.length - 1))] ?? 0;
  const [lowest, highest, low, high] = [at(0), at(1), at(SHARE), at(1 - SHARE)];
  const isExtreme = !isLog && high > low && highest - lowest > EXTREME * (high - low);
  const [from, to] = isExtreme
    ? [Math.max(lowest, low - (high - low) / 2), Math.min(highest, high + (high - low) / 2)]
    : [lowest, highest];
  const room = (to - from || Math.abs(to) || 1) * MARGIN;
  const range: Range = [back(from - room), back(to + room)];
  const count = (test: (value: number) => boolean): number =>
    curves.filter((curve) => curve.some((value) => value !== null && test(value))).length;
  return {
    range,
    above: isExtreme ? count((value) => value > range[1]) : 0,
    below: isExtreme ? count((value) => value < range[0]) : 0,
  };
}
