/** @file What a forest figure shows, before it is drawn: rows under titles, and panels with their domains. */

import { differenceCell, pairName } from '../compare/cells.js';
import type { Comparison, PairedComparison } from '../compare/compare.js';
import { points, type Verdict } from '../compare/verdict.js';
import { shorten } from './figure-style.js';

type Domain = readonly [low: number, high: number];

/** A panel: from where to where, in percentage points, and how wide, in pixels. */
export interface ForestPanel {
  readonly domain: Domain;
  readonly width: number;
  /** Stands over it; empty for the only one. */
  readonly head: string;
}

/** Rows that belong together, under a title. */
export interface ForestGroup {
  readonly title: string;
  readonly pairs: readonly PairedComparison[];
  /** By pair. */
  readonly labels: readonly string[];
  /** Of every label: two if one of them is long. */
  readonly lines: 1 | 2;
}

/** Percentage points of an accuracy. */
export const PERCENT = 100;
/** Each name of a label is at most so long; a label longer than that is broken into two lines. */
const LONGEST_NAME = 36;
/** The zoom shows so many margins to either side of 0, ... */
const ZOOM = 4;
/** ... and is there if the whole is more than so many wide: a margin would be a dozen pixels. */
const WIDEST = 24;

/** A row of a forest: a comparison, in percentage points. A type, not an interface, as it is a row of any figure too. */
export type ForestRow = {
  readonly group: string;
  readonly comparison: string;
  /** Number of pairs. */
  readonly seeds: number;
  readonly mean: number | null;
  /** Ends of the 95 % interval. */
  readonly low: number | null;
  readonly high: number | null;
  /** As text: `+22.1 [19.8, 24.4]`. */
  readonly points: string;
  readonly kind: Verdict['kind'];
  readonly verdict: string;
};

/** The difference of one seed, in percentage points. */
export type ForestSeed = Pick<ForestRow, 'group' | 'comparison' | 'kind'> & {
  readonly seed: number;
  readonly difference: number;
};

/** All differences, and, where a margin is too narrow there and a mean lies near it, the same around 0. */
export function forestPanels({ comparisons, exploratory, margin }: Comparison): ForestPanel[] {
  const pairs = [...comparisons, ...exploratory];
  const domain = wholeDomain(pairs, margin);
  const reach = ZOOM * margin;
  const narrow = margin > 0 && domain[1] - domain[0] > WIDEST * margin * PERCENT;
  const near = pairs.some(({ mean }) => mean !== null && Math.abs(mean) <= reach);
  if (!narrow || !near) return [{ domain, width: 420, head: '' }];
  return [
    { domain, width: 260, head: 'all' },
    { domain: [-reach * PERCENT, reach * PERCENT], width: 190, head: `zoom to ±${points(reach)}` },
  ];
}

/**
 * All seeds and means, 0 and the margin; intervals as far as they leave those legible: of two seeds, one is twelve
 * standard errors wide to either side.
 */
function wholeDomain(pairs: readonly PairedComparison[], margin: number): Domain {
  const values = pairs.flatMap(({ differences }) => differences.map(({ difference }) => difference));
  const [low, high] = [Math.min(-margin, ...values), Math.max(margin, ...values)];
  const ends = pairs.flatMap(({ interval_95 }) => interval_95 ?? []);
  const room = (high - low) / 2;
  const [from, to] = [
    Math.max(Math.min(low, ...ends), low - room, -1),
    Math.min(Math.max(high, ...ends), high + room, 1),
  ];
  const pad = (to - from) * 0.04 || 0.01;
  return [(from - pad) * PERCENT, (to + pad) * PERCENT];
}

/** The comparisons, the declared ones first. */
export function forestGroups({ comparisons, exploratory }: Comparison): ForestGroup[] {
  return [
    ...(comparisons.length > 0 ? [groupOf('declared', comparisons)] : []),
    ...(exploratory.length > 0 ? [groupOf('exploratory', exploratory)] : []),
  ];
}

/** The names of rows; what all are compared with moves into the title. */
function groupOf(title: string, pairs: readonly PairedComparison[]): ForestGroup {
  const names = [...new Set(pairs.flatMap(({ a, b }) => [a, b]))];
  const short = shorten(names, LONGEST_NAME);
  const shortOf = (name: string): string => short[names.indexOf(name)];
  const [{ b }] = pairs;
  const shared = pairs.length > 1 && pairs.every((pair) => pair.b === b);
  const labels = pairs.map((pair) =>
    shared ? shortOf(pair.a) : pairName({ ...pair, a: shortOf(pair.a), b: shortOf(pair.b) }),
  );
  return {
    title: shared ? `${title}: … − ${shortOf(b)}` : title,
    pairs,
    labels,
    lines: !shared && labels.some((label) => label.length > LONGEST_NAME) ? 2 : 1,
  };
}

/** The rows of a group; see `ForestRow`. */
export function forestRows({ title, pairs, labels }: ForestGroup): ForestRow[] {
  return pairs.map((pair, index) => ({
    group: title,
    comparison: labels[index],
    seeds: pair.n,
    mean: pair.mean === null ? null : pair.mean * PERCENT,
    low: pair.interval_95 ? pair.interval_95[0] * PERCENT : null,
    high: pair.interval_95 ? pair.interval_95[1] * PERCENT : null,
    points: differenceCell(pair),
    kind: pair.verdict.kind,
    verdict: pair.declared ? pair.verdict.kind : pair.verdict.text,
  }));
}

/** The seeds of a group's rows. */
export function forestSeeds({ title, pairs, labels }: ForestGroup): ForestSeed[] {
  return pairs.flatMap(({ differences, verdict }, index) =>
    differences.map(({ seed, difference }) => ({
      group: title,
      comparison: labels[index],
      kind: verdict.kind,
      seed,
      difference: difference * PERCENT,
    })),
  );
}
