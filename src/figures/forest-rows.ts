/** @file The data of a forest plot: groups of comparisons, their rows, and panels with domains. */

import { commonReference, differenceCell, pairName } from '../compare/cells.js';
import type { Comparison, PairedComparison } from '../compare/compare.js';
import { points, type Verdict } from '../compare/verdict.js';
import { shorten } from './figure-style.js';

type Domain = readonly [low: number, high: number];

/** A panel: its domain in percentage points, and its width in pixels. */
export interface ForestPanel {
  readonly domain: Domain;
  readonly width: number;
  /** The heading; empty for a single panel. */
  readonly head: string;
}

/** Comparisons under a common title. */
export interface ForestGroup {
  readonly title: string;
  readonly pairs: readonly LabelledPair[];
  /** The number of lines of all labels: two if one of them is long. */
  readonly lines: 1 | 2;
}

interface LabelledPair {
  readonly pair: PairedComparison;
  readonly label: string;
}

/** Percentage points per unit of accuracy. */
export const PERCENT = 100;
/** The maximum length of a name in a label, and of a label on one line. */
const LONGEST_NAME = 36;
/** The zoom shows this number of margins on each side of 0. */
const ZOOM = 4;
/** There is a zoom if the full domain is wider than this number of margins; a margin would be about ten pixels. */
const WIDEST = 24;

/** A row of the plot, in percentage points. (A type alias, because an interface is not assignable to a record.) */
export type ForestRow = {
  readonly group: string;
  readonly comparison: string;
  /** The number of pairs. */
  readonly seeds: number;
  readonly mean: number | null;
  /** The ends of the 95 % interval. */
  readonly low: number | null;
  readonly high: number | null;
  /** Mean and interval as text: `+22.1 [19.8, 24.4]`. */
  readonly points: string;
  readonly kind: Verdict['kind'];
  readonly verdict: string;
};

/** The difference of one seed, in percentage points. */
export type ForestSeed = Pick<ForestRow, 'group' | 'comparison' | 'kind'> & {
  readonly seed: number;
  readonly difference: number;
};

/** One panel with all differences, and a zoom around 0 if the margin is hard to see and a mean is near 0. */
export function forestPanels({ comparisons, exploratory, margin }: Comparison): ForestPanel[] {
  const pairs = [...comparisons, ...exploratory];
  const domain = fullDomain(pairs, margin);
  const reach = ZOOM * margin;
  const narrow = margin > 0 && domain[1] - domain[0] > WIDEST * margin * PERCENT;
  const near = pairs.some(({ mean }) => mean !== null && Math.abs(mean) <= reach);
  if (!narrow || !near) return [{ domain, width: 420, head: '' }];
  return [
    { domain, width: 260, head: 'all differences' },
    { domain: [-reach * PERCENT, reach * PERCENT], width: 190, head: `zoom to ±${points(reach)}` },
  ];
}

/**
 * The domain with all seeds and means, 0 and the margin, and with the intervals up to a limit that keeps those legible: the
 * t interval of two seeds extends 13 standard errors to each side.
 */
function fullDomain(pairs: readonly PairedComparison[], margin: number): Domain {
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

/** The comparisons in groups, declared ones first. */
export function forestGroups({ comparisons, exploratory }: Comparison): ForestGroup[] {
  return [
    ...(comparisons.length > 0 ? [groupOf('declared', comparisons)] : []),
    ...(exploratory.length > 0 ? [groupOf('exploratory', exploratory)] : []),
  ];
}

/** A group with labels. If all comparisons subtract the same arm, the title has its name instead of the labels. */
function groupOf(title: string, pairs: readonly PairedComparison[]): ForestGroup {
  const names = [...new Set(pairs.flatMap(({ a, b }) => [a, b]))];
  const shortNames = shorten(names, LONGEST_NAME);
  const short = (name: string): string => shortNames.get(name) ?? name;
  const reference = commonReference(pairs);
  const labelled = pairs.map((pair) => ({
    pair,
    label: reference === null ? pairName({ a: short(pair.a), b: short(pair.b) }) : short(pair.a),
  }));
  return {
    title: reference === null ? title : `${title}: … − ${short(reference)}`,
    pairs: labelled,
    lines: reference === null && labelled.some(({ label }) => label.length > LONGEST_NAME) ? 2 : 1,
  };
}

/** The rows of a group. */
export function forestRows({ title, pairs }: ForestGroup): ForestRow[] {
  return pairs.map(({ pair, label }) => ({
    group: title,
    comparison: label,
    seeds: pair.n,
    mean: pair.mean === null ? null : pair.mean * PERCENT,
    low: pair.interval_95 ? pair.interval_95[0] * PERCENT : null,
    high: pair.interval_95 ? pair.interval_95[1] * PERCENT : null,
    points: differenceCell(pair),
    kind: pair.verdict.kind,
    verdict: pair.declared ? pair.verdict.kind : pair.verdict.text,
  }));
}

/** The differences of single seeds of a group. */
export function forestSeeds({ title, pairs }: ForestGroup): ForestSeed[] {
  return pairs.flatMap(({ pair, label }) =>
    pair.differences.map(({ seed, difference }) => ({
      group: title,
      comparison: label,
      kind: pair.verdict.kind,
      seed,
      difference: difference * PERCENT,
    })),
  );
}
