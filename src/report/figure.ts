/** @file Curves as a Vega-Lite specification: a panel a column, a line and a band an arm, one legend. */
import { armLabel, bandLabel, type Curves } from './curves.js';
import { figureConfig, LEGEND_LINE, type Stroke, shorten, strokeOf } from './figure-style.js';
import { decades, type Panel, panelOf, panelTitle } from './panel.js';

/** A Vega-Lite specification, as JSON; its rows are under `datasets`, those of curves under `curves`. */
export interface FigureSpec {
  readonly datasets: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;
  readonly [key: string]: unknown;
}

/** What the figure says above itself. */
export interface Heading {
  readonly title: string;
  readonly subtitle?: string;
}

type Json = Readonly<Record<string, unknown>>;

const LONGEST_LABEL = 60;

/** A curve of at most this many points shows each. */
const FEW = 12;
/** About so many ticks an axis. */
const TICKS = 5;

/** Columns of the legend: as many as fit 860 pixels, a label's character being about 7 wide. */
const legendColumns = (labels: readonly string[]): number => {
  const width = 62 + 7 * Math.max(...labels.map((label) => label.length));
  return Math.max(1, Math.min(labels.length, Math.floor(860 / width)));
};

interface Shared {
  readonly labels: readonly string[];
  /** By label. */
  readonly strokes: readonly Stroke[];
  readonly legend: Json;
  readonly lastStep: number;
  readonly size: { readonly width: number; readonly height: number };
  readonly interactive: boolean;
}

const tooltip = ({ title, percent }: Panel, banded: boolean): Json[] => {
  const format = percent ? '.2%' : '.4~g';
  return [
    { field: 'arm', title: 'arm' },
    { field: 'step', title: 'step', format: ',d' },
    { field: 'mean', title, format },
    ...(banded ? ['low', 'high'].map((field) => ({ field, title: `${field} end of the band`, format })) : []),
    { field: 'n', title: 'seeds here' },
  ].map((row) => ({ type: row.field === 'arm' ? 'nominal' : 'quantitative', ...row }));
};

/** Dragging moves a panel, the wheel zooms it while Shift is held, so that a page still scrolls. */
const zoom = (index: number): Json => ({
  name: `zoom_${index}`,
  select: { type: 'interval', zoom: 'wheel![event.shiftKey]' },
  bind: 'scales',
});

/** A panel's marks from the back to the front: bands, lines, points where there are few, and what answers the mouse. */
const layersOf = (panel: Panel, shared: Shared, oneStep: boolean, index: number): Json[] => {
  const { curve, log } = panel;
  const { labels, strokes, legend, interactive } = shared;
  const counts = new Map<string, number>();
  for (const { arm } of curve.points) counts.set(arm, (counts.get(arm) ?? 0) + 1);
  const fewest = Math.min(...counts.values());
  const banded = curve.points.some(({ low }) => low !== null);

  const field = { field: 'arm', type: 'nominal', sort: null, legend };
  const color = { ...field, scale: { domain: labels, range: strokes.map((stroke) => stroke.color) } };
  const strokeDash = {
    ...field,
    scale: { domain: labels, range: strokes.map((stroke) => stroke.dash) },
  };
  const opacity = (value: number): Json =>
    interactive ? { condition: { param: 'arms', value }, value: value / 12 } : { value };
  const band = { y: { field: log ? 'lowShown' : 'low', type: 'quantitative' }, y2: { field: 'high' } };
  const few = (most: number): Json[] => [
    { joinaggregate: [{ op: 'count', as: 'points' }], groupby: ['arm'] },
    { filter: `datum.points <= ${most}` },
  ];

  const areas: Json = {
    mark: { type: 'area', clip: true },
    encoding: {
      ...band,
      color,
      opacity: opacity(Math.max(0.06, 0.2 / Math.sqrt(Math.max(1, labels.length / 3)))),
    },
  };
  // Over a single point an area has no width.
  const bars: Json = {
    transform: few(1),
    mark: { type: 'rule', clip: true, strokeWidth: 1.5 },
    encoding: { ...band, color, opacity: opacity(0.7) },
  };
  const choice = { name: 'arms', select: { type: 'point', fields: ['arm'] }, bind: 'legend' };
  const lines: Json = {
    mark: { type: 'line', clip: true, strokeWidth: 1.7, strokeJoin: 'round' },
    encoding: { color, strokeDash, opacity: opacity(1) },
    ...(interactive && index === 0 ? { params: [choice] } : {}),
  };
  const points: Json = {
    transform: few(FEW),
    mark: { type: 'point', filled: true, size: 30 },
    encoding: { color, opacity: opacity(1) },
  };
  const sensors: Json = {
    mark: { type: 'point', filled: true, size: 120, opacity: 0, clip: true },
    encoding: { tooltip: tooltip(panel, banded) },
    ...(oneStep ? {} : { params: [zoom(index)] }),
  };
  return [
    ...(banded && !oneStep ? [areas] : []),
    ...(banded && fewest === 1 ? [bars] : []),
    lines,
    ...(fewest <= FEW ? [points] : []),
    ...(interactive ? [sensors] : []),
  ];
};

/**
 * @param only the label of the one arm that it shows; null for all
 * @param index of the panel in the figure
 */
const panelSpec = (panel: Panel, shared: Shared, only: string | null, index: number): Json => {
  const { curve, log, domain, percent } = panel;
  // Arms that have all their points at one step stand side by side there.
  const oneStep = new Set(curve.points.map(({ step }) => step)).size === 1;
  const x: Json = oneStep
    ? {
        x: { field: 'step', type: 'ordinal', title: 'step', axis: { labelAngle: 0, format: ',d' } },
        xOffset: { field: 'arm', type: 'nominal', sort: null, scale: { domain: shared.labels } },
      }
    : {
        x: {
          field: 'step',
          type: 'quantitative',
          title: 'step',
          scale: { domain: [0, shared.lastStep], nice: false },
          axis: { tickCount: TICKS, format: ',d' },
        },
      };
  const y: Json = {
    field: 'mean',
    type: 'quantitative',
    title: only === null ? panelTitle(panel) : `${only}: ${panelTitle(panel)}`,
    ...(log
      ? { scale: { type: 'log', domain, nice: false }, axis: { values: decades(domain), format: ',~g' } }
      : {
          scale: { domain, zero: false, nice: TICKS },
          axis: { tickCount: TICKS, ...(percent ? { format: '%' } : {}) },
        }),
  };
  // An interval may begin below zero, which has no logarithm.
  const lowShown = `datum.low === null ? null : max(datum.low, ${domain[0]})`;
  return {
    ...shared.size,
    transform: [
      { filter: `datum.column === '${curve.column}'` },
      ...(only === null ? [] : [{ filter: { field: 'arm', equal: only } }]),
      ...(log ? [{ calculate: lowShown, as: 'lowShown' }] : []),
    ],
    encoding: { ...x, y },
    layer: layersOf(panel, shared, oneStep, index),
  };
};

/** How a figure is made. */
export interface FigureOptions {
  /** Adds tooltips, choosing arms in the legend, and zooming. */
  readonly interactive?: boolean;
  /** A row of panels for each arm, on the same scales, instead of all arms in each panel. */
  readonly facet?: boolean;
}

const sizeOf = (panels: number, facet: boolean): Shared['size'] => {
  if (panels === 1 && !facet) return { width: 640, height: 340 };
  return { width: 376, height: facet ? 150 : 210 };
};

/** The figure of curves; columns without a point are left out. */
export const figureSpec = (
  curves: Curves,
  heading: Heading | null,
  { interactive = false, facet = false }: FigureOptions = {},
): FigureSpec => {
  const labels = shorten(
    curves.arms.map((_, arm) => armLabel(curves, arm)),
    LONGEST_LABEL,
  );
  const labelOf = new Map(curves.arms.map(({ name }, arm) => [name, labels[arm]]));
  const panels = curves.columns.map(panelOf).filter((panel) => panel !== null);
  const shared: Shared = {
    labels,
    strokes: curves.arms.map(({ slot }) => strokeOf(slot)),
    legend: {
      title: bandLabel(curves),
      orient: 'bottom',
      columns: legendColumns(labels),
      ...LEGEND_LINE,
      symbolStrokeWidth: 2,
      symbolLimit: 0,
      symbolOpacity: 1, // else the band's
    },
    lastStep: panels.reduce(
      (last, { curve }) => curve.points.reduce((step, point) => Math.max(step, point.step), last),
      0,
    ),
    size: sizeOf(panels.length, facet),
    interactive,
  };
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    background: 'white',
    padding: 16,
    ...(heading ? { title: { text: heading.title, subtitle: heading.subtitle ?? '' } } : {}),
    config: figureConfig,
    columns: facet ? panels.length : 2,
    spacing: { row: 28, column: 36 },
    resolve: { scale: { color: 'shared', strokeDash: 'shared' } },
    data: { name: 'curves' },
    concat: (facet ? labels : [null])
      .flatMap((label) => panels.map((panel) => ({ panel, label })))
      .map(({ panel, label }, index) => panelSpec(panel, shared, label, index)),
    datasets: {
      curves: panels.flatMap(({ curve: { column, points } }) =>
        points.map(({ arm, ...point }) => ({ column, arm: labelOf.get(arm), ...point })),
      ),
    },
  };
};
