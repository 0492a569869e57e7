/** @file How a column is shown, in a picture or in text: its words, its unit, linear or logarithmic, from where to where. */
import type { Column, Curve, CurvePoint, Curves } from './curves.js';
import { ROUNDING } from './stats.js';

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

/** A panel of a figure: one column. */
export interface Panel {
  readonly curve: Curve;
  readonly title: string;
  readonly percent: boolean;
  readonly log: boolean;
  /** From where to where, without rounding to ticks; low < high, and low > 0 if `log`. */
  readonly domain: readonly [low: number, high: number];
  /** Of a panel that shows another one's upper part: how many arms its curve has, of how many. */
  readonly zoom: { readonly arms: number; readonly of: number } | null;
}

/**
 * The smallest domain with all means, and with the bands as far as they leave the means legible: of two seeds, a t
 * interval is twelve standard errors wide and would press the curves into a line. It may run out of the panel.
 */
const domainOf = (curve: Curve, log: boolean, percent: boolean): [number, number] => {
  const [from, to] = log ? [Math.log, Math.exp] : [(x: number) => x, (x: number) => x];
  const means = curve.points.map(({ mean }) => from(mean));
  const edges = curve.points.flatMap(({ low, high }) => [low, high].filter((edge) => edge !== null));
  // Spread would pass tens of thousands of arguments.
  const extent = (values: readonly number[]): [number, number] =>
    values.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [Infinity, -Infinity]);
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
};

/** Ticks of a logarithmic axis: at most eight of the powers of ten inside. */
export const decades = ([low, high]: readonly [number, number]): number[] => {
  const [first, last] = [Math.ceil(Math.log10(low)), Math.floor(Math.log10(high))];
  const stride = Math.ceil((last - first + 1) / 8);
  const count = Math.floor((last - first) / stride) + 1;
  return Array.from({ length: count }, (_, index) => Number(`1e${first + index * stride}`));
};

/** How a column is shown; null if it has no points. */
export const panelOf = (curve: Curve): Panel | null => {
  const { column, points } = curve;
  if (points.length === 0) return null;
  const percent = SHARES.includes(column);
  const smallest = points.reduce((least, { mean }) => Math.min(least, mean), Infinity);
  const largest = points.reduce((most, { mean }) => Math.max(most, mean), -Infinity);
  const log = LOGARITHMIC.includes(column) && smallest > 0 && largest > SPAN * smallest;
  return {
    curve,
    title: TITLES[column],
    percent,
    log,
    domain: domainOf(curve, log, percent),
    zoom: null,
  };
};

/**
 * The panel again for the arms that end highest, on a range of their own, if they are squeezed in it: the most arms, at
 * least two, whose curves from the half of their steps on take up less than a quarter of the panel's height.
 */
const zoomOf = (panel: Panel): Panel | null => {
  const arms = new Map<string, CurvePoint[]>();
  for (const point of panel.curve.points) arms.set(point.arm, [...(arms.get(point.arm) ?? []), point]);
  const ends = [...arms.values()]
    .map((points) => ({ points, last: points[points.length - 1] }))
    .sort((a, b) => b.last.mean - a.last.mean)
    .map(({ points, last }) => points.filter(({ step }) => 2 * step >= last.step));
  const height = panel.domain[1] - panel.domain[0];
  for (let count = ends.length; count > 1; count--) {
    const points = ends.slice(0, count).flat();
    const ranges = domainOf({ ...panel.curve, points }, panel.log, panel.percent);
    if (ranges[1] - ranges[0] >= SQUEEZED * height) continue;
    const names = new Set(points.map(({ arm }) => arm));
    const curve = { ...panel.curve, points: panel.curve.points.filter(({ arm }) => names.has(arm)) };
    // The beginning is shown too where that takes no more room than the end.
    const low = curve.points.reduce((least, { mean }) => Math.min(least, mean), ranges[0]);
    const [first, last] = ranges[1] - low <= 2 * (ranges[1] - ranges[0]) ? [low, ranges[1]] : ranges;
    const room = (last - first) / 20; // so that no mark lies on the edge
    const domain = [Math.max(0, first - room), Math.min(1, last + room)] as const;
    return { ...panel, curve, domain, zoom: { arms: count, of: ends.length } };
  }
  return null;
};

/**
 * The panels of curves, in their order. Behind that of validation accuracy, or of training accuracy if there is none of
 * validation, comes its upper part on a scale of its own where curves are squeezed there; see `zoomOf`.
 *
 * @param zoom whether there may be such a panel
 */
export const panelsOf = ({ columns }: Pick<Curves, 'columns'>, zoom = true): Panel[] => {
  const panels = columns.map(panelOf).filter((panel) => panel !== null);
  const judged = (['val_accuracy', 'accuracy'] as const).find((column) =>
    panels.some(({ curve }) => curve.column === column),
  );
  return panels.flatMap((panel) => {
    const upper = zoom && panel.curve.column === judged ? zoomOf(panel) : null;
    return upper ? [panel, upper] : [panel];
  });
};

/** What stands over a panel. */
export const panelTitle = ({ title, log, zoom }: Panel): string => {
  if (!zoom) return `${title}${log ? ' (log scale)' : ''}`;
  const { arms, of } = zoom;
  return `${title}, ${arms < of ? `zoom on the upper ${arms} of ${of} arms` : 'zoomed in'}`;
};

/** Where the x axis ends, for all panels alike; above 0. */
export const lastX = (panels: readonly Panel[]): number =>
  panels.reduce((last, { curve }) => curve.points.reduce((most, { x }) => Math.max(most, x), last), 0) || 1;
