/** @file Panels: the title, scale and domain of a column, in figures and in terminal plots. */

import { group, nice } from 'd3-array';
import { ROUNDING } from '../compare/stats.js';
import type { Column, Curve, CurvePoint, Curves } from './curves.js';

/** The titles of columns, as in docs/training.md. */
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
  clip_fraction: 'clipped fraction',
  epoch_seconds: 'training time per epoch (s)',
  elapsed_seconds: 'elapsed time (s)',
  examples_per_second: 'examples per second',
};

/** Columns of fractions, shown in percent. */
const FRACTIONS: readonly Column[] = ['accuracy', 'val_accuracy', 'clip_fraction'];
/** Columns with a logarithmic scale if their values span more than a factor of `SPAN`. */
const LOGARITHMIC: readonly Column[] = ['loss', 'val_loss', 'grad_norm', 'grad_norm_clipped'];
const SPAN = 100;
/** Arms whose ends take up less than this fraction of a panel's height get a zoomed panel. */
const SQUEEZED = 0.25;
/** A zoomed panel includes the beginning of curves if its range is at most this multiple of the range of their ends. */
const WITH_BEGINNING = 5;
/** A zoomed panel has no bands if the sum of their heights exceeds this fraction of the panel's height. */
const COVERED = 1;
/** The approximate number of ticks per axis. */
export const TICKS = 5;

/** A zoom on the upper part of another panel. */
export interface Zoom {
  /** The number of arms in the zoom. */
  readonly arms: number;
  /** The number of arms in the other panel. */
  readonly of: number;
  /** The first shown step by arm. */
  readonly from: ReadonlyMap<string, number>;
  /** The start of the x axis. */
  readonly firstX: number;
  /** Whether bands are shown, for all arms or for none: an arm without a band would look more certain. */
  readonly banded: boolean;
}

/** A panel of a figure: one column. */
export interface Panel {
  readonly curve: Curve;
  readonly title: string;
  readonly percent: boolean;
  readonly log: boolean;
  /** The range of the values, not extended to ticks; low < high, and low > 0 if `log`. */
  readonly domain: readonly [low: number, high: number];
  /** The range of the axis: for a linear axis without zoom, extended to ticks. */
  readonly shown: readonly [low: number, high: number];
  /** Whether a band extends beyond the axis, within the possible values. */
  readonly cut: boolean;
  /**
   * The x positions of the points, ascending, if every arm has one point and some of them have the same position: then the
   * figure shows arms side by side. Null if the panel has curves.
   */
  readonly positions: readonly number[] | null;
  /** Null if the panel is not zoomed. */
  readonly zoom: Zoom | null;
}

/** Ticks of a logarithmic axis: at most eight powers of ten inside the domain. */
export function decades([low, high]: readonly [number, number]): number[] {
  const [first, last] = [Math.ceil(Math.log10(low)), Math.floor(Math.log10(high))];
  const stride = Math.ceil((last - first + 1) / 8);
  const count = Math.floor((last - first) / stride) + 1;
  return Array.from({ length: count }, (_, index) => Number(`1e${first + index * stride}`));
}

/**
 * The panels of curves, in their order. If curves are close together at the top of validation accuracy (or of training
 * accuracy, if there is no validation accuracy), a zoomed panel follows; see `zoomOf`.
 *
 * @param zoom whether zoomed panels are allowed
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
 * A zoom on the arms that end highest: on the largest number of arms, at least two, whose ends take up less than a quarter
 * of the panel's height.
 */
function zoomOf(panel: Panel): Panel | null {
  const last = (points: readonly CurvePoint[]): number => points.at(-1)?.mean ?? Number.NEGATIVE_INFINITY;
  const sorted = [...group(panel.curve.points, ({ arm }) => arm).values()].sort((a, b) => last(b) - last(a));
  for (let count = sorted.length; count > 1; count--) {
    const zoomed = zoomOn(panel, sorted.slice(0, count), sorted.length);
    if (zoomed) return zoomed;
  }
  return null;
}

/**
 * A zoom on some arms of a panel.
 *
 * The range contains the means of the second half of each arm. Bands are shown if all of them fit without flattening the
 * curves, and do not cover the panel. The points up to the last one below the range are left out, because a curve that
 * enters from below would not show its origin.
 *
 * @param arms the points of each arm, by step
 * @param of the number of arms in the panel
 * @returns null if the zoom would not show more detail
 */
function zoomOn(panel: Panel, arms: readonly (readonly CurvePoint[])[], of: number): Panel | null {
  const limit = SQUEEZED * (panel.domain[1] - panel.domain[0]);
  const ends = arms.map((points) => points.filter(({ step }) => 2 * step >= (points.at(-1)?.step ?? 0)));
  const [endLow, high] = extent(meansOf(ends.flat()));
  const [lowest] = extent(meansOf(arms.flat()));
  const showsBeginning = high - lowest <= Math.min(limit, WITH_BEGINNING * (high - endLow));
  const low = showsBeginning ? lowest : endLow;
  const drawn = new Set(arms.flatMap((points) => endAbove(points, low)));
  const points = panel.curve.points.filter((point) => drawn.has(point)); // keeps the order of arms

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
  // For arms side by side, means without intervals, or of few arms, show less than the panel itself.
  if (panel.positions && (!banded || 2 * arms.length <= of)) return null;
  const [first, last] = banded ? range : [low, high];
  if (last - first >= limit || first === last) return null;

  const pad = (last - first) / 20; // keeps marks off the edge
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
      from: new Map(points.toReversed().map(({ arm, step }) => [arm, step])), // reversed, because the last entry of an arm counts
      firstX: points.length === arms.flat().length ? 0 : Math.max(0, firstX - (lastOf - firstX) / 20),
      banded,
    },
  };
}

/** Minimum and maximum. (`Math.min` with spread fails for very long lists.) */
function extent(values: readonly number[]): [number, number] {
  return values.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [Infinity, -Infinity]);
}

function meansOf(points: readonly CurvePoint[]): number[] {
  return points.map(({ mean }) => mean);
}

/** The last points of an arm that are all at least `low`. */
function endAbove(points: readonly CurvePoint[], low: number): readonly CurvePoint[] {
  return points.slice(points.findLastIndex(({ mean }) => mean < low) + 1);
}

function edgesOf(points: readonly CurvePoint[]): number[] {
  return points.flatMap(({ low, high }) =>
    low === null || high === null ? [] : [Math.max(0, low), Math.min(1, high)],
  );
}

/** The panel of a column; null if the column has no points. */
export function panelOf(curve: Curve): Panel | null {
  const { column, points } = curve;
  if (points.length === 0) return null;
  const percent = FRACTIONS.includes(column);
  const smallest = points.reduce((least, { mean }) => Math.min(least, mean), Infinity);
  const largest = points.reduce((most, { mean }) => Math.max(most, mean), -Infinity);
  const log = LOGARITHMIC.includes(column) && smallest > 0 && largest > SPAN * smallest;
  const domain = domainOf(curve, log, percent);
  const shown = log ? domain : nice(...domain, TICKS);
  return {
    curve,
    title: TITLES[column],
    percent,
    log,
    domain,
    shown,
    cut: isCut(curve, shown, percent),
    positions: positionsOf(curve),
    zoom: null,
  };
}

/**
 * The smallest domain with all means, and with the bands up to a limit that keeps curves legible: the t interval of two
 * seeds is 25 standard errors wide and would flatten the curves. Bands may extend beyond the panel.
 */
function domainOf(curve: Curve, log: boolean, percent: boolean): [number, number] {
  const [from, to] = log ? [Math.log, Math.exp] : [(x: number) => x, (x: number) => x];
  const means = curve.points.map(({ mean }) => from(mean));
  const edges = curve.points.flatMap(({ low, high }) => [low, high].filter((edge) => edge !== null));
  const [low, high] = extent(means);
  const room = high - low || Infinity;
  const [lowest, highest] = extent(edges.filter((edge) => !log || edge > 0).map(from));
  let bottom = to(Math.max(Math.min(low, lowest), low - room));
  let top = to(Math.min(Math.max(high, highest), high + room));
  if (top - bottom <= ROUNDING * Math.abs(top)) {
    const middle = bottom;
    const pad = Math.abs(middle) * 0.05 || 0.05; // all values are equal
    [bottom, top] = [middle - pad, middle + pad];
  }
  // Impossible values are not shown, even if an interval contains them.
  if (percent) return [Math.max(bottom, 0), Math.min(top, 1)];
  return [low >= 0 && !log ? Math.max(bottom, 0) : bottom, top];
}

function isCut({ points }: Curve, [bottom, top]: readonly [number, number], percent: boolean): boolean {
  const slack = ROUNDING * Math.max(Math.abs(bottom), Math.abs(top));
  // Values below an axis that starts at 0, or above 100 %, are impossible.
  const [least, most] = [bottom === 0 ? 0 : -Infinity, percent ? 1 : Infinity];
  return points.some(
    ({ low, high }) =>
      low !== null &&
      high !== null &&
      (Math.max(low, least) < bottom - slack || Math.min(high, most) > top + slack),
  );
}

/** The positions of arms with one point each; null if an arm has more points, or all positions are different. */
function positionsOf({ points }: Curve): number[] | null {
  const arms = new Set(points.map(({ arm }) => arm));
  const positions = new Set(points.map(({ x }) => x));
  return arms.size === points.length && positions.size < arms.size
    ? [...positions].sort((a, b) => a - b)
    : null;
}

/** The title of a column. */
export function columnTitle(column: Column): string {
  return TITLES[column];
}

/** The title of a panel. */
export function panelTitle(panel: Panel): string {
  const { title, log, zoom, cut, curve } = panel;
  if (!zoom) return `${title}${log ? ' (log scale)' : ''}${cut ? ', bands cut off at the edge' : ''}`;
  const { arms, of, banded } = zoom;
  const isBare = !banded && curve.points.some(({ low }) => low !== null);
  const which = arms < of ? `zoom on the top ${arms} of ${of} arms` : 'zoomed in';
  return `${title}, ${which}${isBare ? ', without bands' : ''}`;
}

/** The common end of the x axes of panels, above 0. */
export function lastX(panels: readonly Panel[]): number {
  return (
    panels.reduce((last, { curve }) => curve.points.reduce((most, { x }) => Math.max(most, x), last), 0) || 1
  );
}
