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
/** The share is estimated from about so many values. */
const MOST_SAMPLED = 5000;

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
  const ends = curves.map(endsOf).filter((range) => range !== null);
  if (ends.length === 0) return null;
  const lowest = forward(Math.min(...ends.map(([low]) => low)));
  const highest = forward(Math.max(...ends.map(([, high]) => high)));
  const sample = sampleOf(curves).map(forward).sort();
  const at = (share: number): number => sample[Math.round(share * (sample.length - 1))] ?? 0;
  const [low, high] = [at(SHARE), at(1 - SHARE)];
  const isExtreme = !isLog && high > low && highest - lowest > EXTREME * (high - low);
  const [from, to] = isExtreme
    ? [Math.max(lowest, low - (high - low) / 2), Math.min(highest, high + (high - low) / 2)]
    : [lowest, highest];
  const room = (to - from || Math.abs(to) || 1) * MARGIN;
  const range: Range = [back(from - room), back(to + room)];
  return {
    range,
    above: isExtreme ? ends.filter(([, end]) => end > range[1]).length : 0,
    below: isExtreme ? ends.filter(([end]) => end < range[0]).length : 0,
  };
}

/** The edges of bands as far as the panel shows them. */
export interface LimitedBands {
  readonly edges: readonly (readonly (number | null)[])[];
  /** Whether a possible value of a band is left out. */
  readonly isCut: boolean;
}

/**
 * Limits the edges of bands, as `wnlstm plot` does: a band may extend the range of the lines by its own height at each end. The
 * interval of two seeds is so wide that it would flatten the lines. Values that are impossible are not shown: below 0 if
 * no line is, and above 1 for a fraction.
 *
 * @param lines the means, finite or null
 * @param edges the lower and upper edges of the bands
 * @param axis `isFraction` for accuracies and other values from 0 to 1
 */
export function limitBands(
  lines: readonly (readonly (number | null)[])[],
  edges: readonly (readonly (number | null)[])[],
  { isLog, isFraction }: { readonly isLog: boolean; readonly isFraction: boolean },
): LimitedBands {
  const ends = lines.map(endsOf).filter((range) => range !== null);
  if (ends.length === 0) return { edges, isCut: false };
  const [low, high] = [Math.min(...ends.map(([end]) => end)), Math.max(...ends.map(([, end]) => end))];
  const room = isLog ? high / low : high - low;
  const hasRoom = isLog ? room > 1 : room > 0;
  const [bottom, top] = !hasRoom
    ? [-Infinity, Infinity]
    : isLog
      ? [low / room, high * room]
      : [low - room, high + room];
  const least = low >= 0 ? 0 : -Infinity;
  const most = isFraction ? 1 : Infinity;
  let isCut = false;
  const limited = edges.map((edge) =>
    edge.map((value) => {
      if (value === null) return null;
      const possible = Math.min(most, Math.max(least, value));
      const shown = Math.min(top, Math.max(bottom, possible));
      if (shown !== possible) isCut = true;
      return shown;
    }),
  );
  return { edges: limited, isCut };
}

/** The lowest and the highest value of a curve; null without values. */
function endsOf(curve: readonly (number | null)[]): Range | null {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of curve) {
    if (value === null) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low > high ? null : [low, high];
}

/** Some values of all curves, evenly chosen. */
function sampleOf(curves: readonly (readonly (number | null)[])[]): Float64Array {
  let count = 0;
  for (const curve of curves) for (const value of curve) if (value !== null) count++;
  const stride = Math.max(1, Math.floor(count / MOST_SAMPLED));
  const sample: number[] = [];
  let at = 0;
  for (const curve of curves) {
    for (const value of curve) if (value !== null && at++ % stride === 0) sample.push(value);
  }
  return Float64Array.from(sample);
}
