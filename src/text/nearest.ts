/** @file Suggests the known name that is nearest to an unknown one. */

import { distance } from 'fastest-levenshtein';

/** The largest difference between a name and its beginning. */
const BEGINNING = 0.3;
/** Names that differ by more are not suggested. */
const NEAR = 0.5;

/**
 * The nearest known name as an addition to an error message, such as ` (nearest: units)`.
 *
 * @param written writes a known name as it appears in the message
 * @returns an empty string if no known name is near
 */
export function nearest(
  name: string,
  known: readonly string[],
  written: (name: string) => string = (known) => known,
): string {
  const best = known
    .map((candidate) => ({ candidate, apart: difference(name, candidate) }))
    .reduce<{ candidate: string; apart: number } | null>(
      (least, next) => (least && least.apart <= next.apart ? least : next),
      null,
    );
  return best && best.apart <= NEAR ? ` (nearest: ${written(best.candidate)})` : '';
}

/** The difference between two names: the fraction of letters that have to change; less if one is a prefix of the other. */
function difference(a: string, b: string): number {
  const [lowA, lowB] = [a.toLowerCase(), b.toLowerCase()];
  const changed = distance(lowA, lowB) / Math.max(a.length, b.length);
  const begins = lowA.startsWith(lowB) || lowB.startsWith(lowA);
  return begins && Math.min(a.length, b.length) >= 2 ? Math.min(changed, BEGINNING) : changed;
}
