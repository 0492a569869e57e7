/** @file How a column is shown, in a picture or in text: its words, its unit, linear or logarithmic, from where to where. */

import { ROUNDING } from '../compare/stats.js';
import type { Column, Curve, CurvePoint, Curves } from './curves.js';
import { niceDomain } from './ticks.js';

/** What columns are called; the same words as in runs/README.md. */
const TITLES: Record<Column, string> = {
  step: 'step',
  epoch: 'epoch',
  loss: 'training loss',
  accuracy: 'training accuracy',
  val_loss: 'validation loss',
  val_accuracy: 'validation accuracy',
  lr: 'learning rate',
  grad_norm: 'gradient norm before clipping',
  grad_norm_clipped: 'gradient norm after clipping',
  clip_fraction: 'clipped share',
  epoch_seconds: 'training time of an epoch (s)',
  elapsed_seconds: 'elapsed time (s)',
  examples_per_second: 'examples a second',
};

/** Columns that are shares, shown as percent. */
const SHARES: readonly Column[] = ['accuracy', 'val_accuracy', 'clip_fraction'];
/** Columns that are shown logarithmically where they span more than two decades. */
const LOGARITHMIC: readonly Column[] = ['loss', 'val_loss', 'grad_norm', 'grad_norm_clipped'];
const SPAN = 100;
/** Arms whose ends take up less than this share of a panel are squeezed in there. */
const SQUEEZED = 0.25;
/** A zoomed panel shows the beginning of curves too where its range becomes no more than so many times that of their ends. */
const WITH_BEGINNING = 5;
/** Bands that cover more than this share of a zoomed panel, each counted for itself, would hide all lines. */
const COVERED = 1;
/** About so many ticks an axis. */
export const TICKS = 5;

/** How a panel shows another one's upper part. */
export interface Zoom {
  /** How many arms its curve has, of how many. */
  readonly arms: number;
  readonly of: number;
  /** By arm, the first of the steps that are shown. */
  readonly from: ReadonlyMap<string, number>;
  /** Where the x axis begins. */
  readonly firstX: number;
  /** Whether bands are shown: those of all arms, or of none, which would look as if an arm were more certain. */
  readonly banded: boolean;
}

/** A panel of a figure: one column. */
export interface Panel {
  readonly curve: Curve;
  readonly title: string;
  readonly percent: boolean;
  readonly log: boolean;
  /** From where to where, without rounding to ticks; low < high, and low > 0 if `log`. */
  readonly domain: readonly [low: number, high: number];
  /** The same as a figure shows it: of a linear axis, rounded to ticks, unless zoomed. */
  readonly shown: readonly [low: number, high: number];
  /** Whether a band goes on beyond what is shown, to where values can be. */
  readonly cut: boolean;
  /**
   * Where every arm has one point and some would lie over each other, they stand side by side: at which places on the x
   * axis they are, ascending. Null where the panel has curves.
   */
  readonly places: readonly number[] | null;
  /** Of a panel that shows another one's upper part. */
  readonly zoom: Zoom | null;
}

/** Ticks of a logarithmic axis: at most eight of the powers of ten inside. */
export function decades([low, high]: readonly [number, number]): number[] {
  const [first, last] = [Math.ceil(Math.log10(low)), Math.floor(Math.log10(high))];
  const stride = Math.ceil((last - first + 1) / 8);
  const count = Math.floor((last - first) / stride) + 1;
  return Array.from({ length: count }, (_, index) => Number(`1e${first + index * stride}`));
}

/**
 * The panels of curves, in their order. Behind that of validation accuracy, or of training accuracy if there is none of
 * validation, comes its upper part on a scale of its own where curves are squeezed there; see `zoomOf`.
 *
 * @param zoom whether there may be such a panel
 */
export function panelsOf({ columns }: Pick<Curves, 'columns'>, zoom = true): Panel[] {
  const panels = columns.map(panelOf).filter((panel) => panel !== null);
  const judged = (['val_accuracy', 'accuracy'] as const).find((column) =>
    panels.some(({ curve }) => curve.column === column),
  );
  return panels.flatMap((panel) => {
    const upper = zoom && panel.curve.column === judged ? zoomOf(panel) : null;
    return upper ? [panel, upper] : [panel];
  });
}

/**
 * The panel again for the arms that end highest, on a range of their own, if they are squeezed in it: the most arms, at
 * least two, whose ends take up less than a quarter of the panel's height.
 */
function zoomOf(panel: Panel): Panel | null {
  const arms = new Map<string, CurvePoint[]>();
  for (const point of panel.curve.points) arms.set(point.arm, [...(arms.get(point.arm) ?? []), point]);
  const sorted = [...arms.values()].sort((a, b) => b[b.length - 1].mean - a[a.length - 1].mean);
  for (let count = sorted.length; count > 1; count--) {
    const zoomed = zoomOn(panel, sorted.slice(0, count), sorted.length);
    if (zoomed) return zoomed;
  }
  return null;
}

/**
 * Some arms of a panel on a range of their own.
 *
 * The range has all means from the half of an arm's steps on. The bands are shown if all of them fit in without pressing
 * the means flat, and do not cover the panel. Points before, from the last on that lies below the range, are left out: a
 * curve that enters from below would not show where it comes from.
 *
 * @param arms by arm, by step
 * @param of how many arms the panel has
 * @returns null if that is no closer look
 */
function zoomOn(panel: Panel, arms: readonly (readonly CurvePoint[])[], of: number): Panel | null {
  const limit = SQUEEZED * (panel.domain[1] - panel.domain[0]);
  const ends = arms.map((points) => points.filter(({ step }) => 2 * step >= points[points.length - 1].step));
  const [endLow, high] = extent(meansOf(ends.flat()));
  const [lowest] = extent(meansOf(arms.flat()));
  const isWhole = high - lowest <= Math.min(limit, WITH_BEGINNING * (high - endLow));
  const low = isWhole ? lowest : endLow;
  const drawn = new Set(arms.flatMap((points) => endAbove(points, low)));
  const points = panel.curve.points.filter((point) => drawn.has(point)); // arms in their own order

  const edges = edgesOf(points);
  const range = extent([low, high, ...edges]);
  const heights = edges.reduce((sum, edge, index) => sum + (index % 2 === 0 ? -edge : edge), 0);
  const cover = (heights / points.length) * arms.length;
  const room = high - low;
  const banded =
    range[0] >= low - room &&
    range[1] <= high + room &&
    range[1] - range[0] < limit &&
    cover <= COVERED * (range[1] - range[0]);
  // Side by side, means without intervals, or of few of the arms, say less than the whole panel.
  if (panel.places && (!banded || 2 * arms.length <= of)) return null;
  const [first, last] = banded ? range : [low, high];
  if (last - first >= limit || first === last) return null;

  const pad = (last - first) / 20; // so that no mark lies on the edge
  const domain = [Math.max(0, first - pad), Math.min(1, last + pad)] as const;
  const [firstX, lastOf] = extent(points.map(({ x }) => x));
  return {
    ...panel,
    curve: { ...panel.curve, points },
    domain,
    shown: domain,
    cut: false,
    zoom: {
      arms: arms.length,
      of,
      from: new Map(points.toReversed().map(({ arm, step }) => [arm, step])), // the first comes last, and stays
      firstX: points.length === arms.flat().length ? 0 : Math.max(0, firstX - (lastOf - firstX) / 20),
      banded,
    },
  };
}

/** From the least to the largest; spread would pass tens of thousands of arguments. */
function extent(values: readonly number[]): [number, number] {
  return values.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [Infinity, -Infinity]);
}

function meansOf(points: readonly CurvePoint[]): number[] {
  return points.map(({ mean }) => mean);
}

/** The points of an arm from the first on after which all are at least `low`. */
function endAbove(points: readonly CurvePoint[], low: number): readonly CurvePoint[] {
  return points.slice(points.findLastIndex(({ mean }) => mean < low) + 1);
}

function edgesOf(points: readonly CurvePoint[]): number[] {
  return points.flatMap(({ low, high }) =>
    low === null || high === null ? [] : [Math.max(0, low), Math.min(1, high)],
  );
}

/** How a column is shown; null if it has no points. */
export function panelOf(curve: Curve): Panel | null {
  const { column, points } = curve;
  if (points.length === 0) return null;
  const percent = SHARES.includes(column);
  const smallest = points.reduce((least, { mean }) => Math.min(least, mean), Infinity);
  const largest = points.reduce((most, { mean }) => Math.max(most, mean), -Infinity);
  const log = LOGARITHMIC.includes(column) && smallest > 0 && largest > SPAN * smallest;
  const domain = domainOf(curve, log, percent);
  const shown = log ? domain : niceDomain(domain, TICKS);
  return {
    curve,
    title: TITLES[column],
    percent,
    log,
    domain,
    shown,
    cut: isCut(curve, shown, percent),
    places: placesOf(curve),
    zoom: null,
  };
}

/**
 * The smallest domain with all means, and with the bands as far as they leave the means legible: of two seeds, a t
 * interval is twelve standard errors wide and would press the curves into a line. It may run out of the panel.
 */
function domainOf(curve: Curve, log: boolean, percent: boolean): [number, number] {
  const [from, to] = log ? [Math.log, Math.exp] : [(x: number) => x, (x: number) => x];
  const means = curve.points.map(({ mean }) => from(mean));
  const edges = curve.points.flatMap(({ low, high }) => [low, high].filter((edge) => edge !== null));
  const [low, high] = extent(means);
  const room = high - low || Infinity;
  const [lowest, highest] = extent(edges.filter((edge) => !log || edge > 0).map(from));
  let domain = [
    to(Math.max(Math.min(low, lowest), low - room)),
    to(Math.min(Math.max(high, highest), high + room)),
  ];
  const [middle] = domain;
  if (domain[1] - domain[0] <= ROUNDING * Math.abs(domain[1])) {
    const pad = Math.abs(middle) * 0.05 || 0.05; // all the same: in the middle
    domain = [middle - pad, middle + pad];
  }
  // Where no value can be, there is no need to follow an interval.
  if (percent) return [Math.max(domain[0], 0), Math.min(domain[1], 1)];
  return [low >= 0 && !log ? Math.max(domain[0], 0) : domain[0], domain[1]];
}

function isCut({ points }: Curve, [bottom, top]: readonly [number, number], percent: boolean): boolean {
  const slack = ROUNDING * Math.max(Math.abs(bottom), Math.abs(top));
  // Below an axis that begins at 0, and over 100 %, no value can be.
  const [least, most] = [bottom === 0 ? 0 : -Infinity, percent ? 1 : Infinity];
  return points.some(
    ({ low, high }) =>
      low !== null &&
      high !== null &&
      (Math.max(low, least) < bottom - slack || Math.min(high, most) > top + slack),
  );
}

/** Where arms that have a point each are; null if one has more, or no two are at the same place. */
function placesOf({ points }: Curve): number[] | null {
  const arms = new Set(points.map(({ arm }) => arm));
  const places = new Set(points.map(({ x }) => x));
  return arms.size === points.length && places.size < arms.size ? [...places].sort((a, b) => a - b) : null;
}

/** What stands over a panel. */
export function panelTitle(panel: Panel): string {
  const { title, log, zoom, cut, curve } = panel;
  if (!zoom) return `${title}${log ? ' (log scale)' : ''}${cut ? ', bands cut at the edge' : ''}`;
  const { arms, of, banded } = zoom;
  const isBare = !banded && curve.points.some(({ low }) => low !== null);
  const which = arms < of ? `zoom on the upper ${arms} of ${of} arms` : 'zoomed in';
  return `${title}, ${which}${isBare ? ', without bands' : ''}`;
}

/** Where the x axis ends, for all panels alike; above 0. */
export function lastX(panels: readonly Panel[]): number {
  return (
    panels.reduce((last, { curve }) => curve.points.reduce((most, { x }) => Math.max(most, x), last), 0) || 1
  );
}
