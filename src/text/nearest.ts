/** @file Which known name somebody may have meant. */

import { distance } from 'fastest-levenshtein';

const BEGINNING = 0.3;
/** Names that differ by more have nothing to do with each other. */
const NEAR = 0.5;

/**
 * The nearest of the known names as an addition to an error, such as ` (nearest: units)`.
 *
 * @param written how a known name is written there
 * @returns nothing if none is near
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

/** How far two names are apart: the share of letters that have to change; little if one begins with the other. */
function difference(a: string, b: string): number {
  const [lowA, lowB] = [a.toLowerCase(), b.toLowerCase()];
  const changed = distance(lowA, lowB) / Math.max(a.length, b.length);
  const begins = lowA.startsWith(lowB) || lowB.startsWith(lowA);
  return begins && Math.min(a.length, b.length) >= 2 ? Math.min(changed, BEGINNING) : changed;
}
