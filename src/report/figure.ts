/** @file Curves as a Vega-Lite specification: a panel a column, a line and a band an arm, one legend. */
import { armLabel, curveLegend } from './curve-words.js';
import type { Curves } from './curves.js';
import { hasMarkers, type Json, layersOf, numberText, type Shared } from './figure-marks.js';
import { figureConfig, shorten, strokeOf } from './figure-style.js';
import { LEGEND_SIZE, legendPath } from './markers.js';
import { decades, lastX, type Panel, panelsOf, panelTitle } from './panel.js';
import { axisTitle } from './x-axis.js';

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

const LONGEST_LABEL = 60;

/** About so many ticks an axis. */
const TICKS = 5;

/** Pixels of a panel, of one that is alone, and between panels, where axes and titles stand. */
const PANEL = { width: 376, height: 210 };
const NARROW = { width: 280, height: 190 };
const LONE = { width: 640, height: 340 };
const FACET_HEIGHT = 150;
const SPACING = { row: 80, column: 72 };
const FACET_SPACING = { row: 28, column: 36 };
const BELOW_GRID = 24;

/** Pixels that a legend has, and characters of a line, on a wide screen and on a narrow one. */
const LEGEND_WIDTH = { wide: 860, narrow: 330 };
const LINE_LENGTH = 46;

/** Columns of the legend: as many as fit, a label's character being about 7 pixels wide. */
const legendColumns = (labels: readonly string[], room: number): number => {
  const width = 62 + 7 * Math.max(...labels.map((label) => label.length));
  return Math.max(1, Math.min(labels.length, Math.floor(room / width)));
};

/** Text in lines that are as long as words allow. */
const wrapped = (text: string): string[] => {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= LINE_LENGTH)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
};

/** The legend shows lines of 30 pixels, with marks where points have some; to Vega they are symbols of 10 by 10. */
const legendOf = (
  curves: Curves,
  labels: readonly string[],
  narrow: boolean,
): { legend: Json; symbols: Json } => {
  const marked = hasMarkers(curves);
  const words = narrow ? curveLegend(curves).flatMap(wrapped) : curveLegend(curves);
  const paths = curves.arms.map(({ slot }) => {
    const { dash, marker } = strokeOf(slot);
    return legendPath(dash, marked ? marker : null);
  });
  return {
    legend: {
      title: words.length > 0 ? words : null,
      orient: 'bottom',
      columns: legendColumns(labels, narrow ? LEGEND_WIDTH.narrow : LEGEND_WIDTH.wide),
      symbolSize: LEGEND_SIZE,
      labelOffset: 26,
      symbolStrokeWidth: 0,
      symbolLimit: 0,
      symbolOpacity: 1, // else the band's, as is the next
    },
    symbols: {
      shape: { value: { expr: `${JSON.stringify(paths)}[datum.index]` } },
      fill: { value: { expr: "scale('color', datum.value)" } },
      fillOpacity: { value: 1 },
    },
  };
};

const shownIn = ({ curve }: Panel): string[] => [...new Set(curve.points.map(({ arm }) => arm))];

/**
 * @param only the label of the one arm that it shows; null for all
 * @param index of the panel in the figure
 */
const panelSpec = (panel: Panel, shared: Shared, size: Json, only: string | null, index: number): Json => {
  const { curve, log, domain, percent, zoom } = panel;
  const x: Json = {
    field: shared.axis,
    type: 'quantitative',
    title: axisTitle(shared.axis),
    scale: { domain: [0, shared.lastX], nice: false },
    axis: { tickCount: TICKS, format: ',~r' },
  };
  const y: Json = {
    field: 'mean',
    type: 'quantitative',
    title: only === null ? panelTitle(panel) : `${only}: ${panelTitle(panel)}`,
    ...(log
      ? {
          scale: { type: 'log', domain, nice: false },
          axis: { values: decades(domain), labelExpr: numberText('datum.value', ',~g') },
        }
      : {
          scale: { domain, zero: false, nice: zoom ? false : TICKS },
          axis: { tickCount: TICKS, ...(percent ? { format: zoom ? '~%' : '%' } : {}) },
        }),
  };
  // An interval may begin below zero, which has no logarithm.
  const lowShown = `datum.low === null ? null : max(datum.low, ${domain[0]})`;
  return {
    ...size,
    transform: [
      { filter: `datum.column === '${curve.column}'` },
      ...(only === null ? [] : [{ filter: { field: 'arm', equal: only } }]),
      ...(zoom ? [{ filter: { field: 'arm', oneOf: shownIn(panel).map(shared.labelOf) } }] : []),
      ...(log ? [{ calculate: lowShown, as: 'lowShown' }] : []),
    ],
    encoding: { x, y },
    layer: layersOf(panel, shared, index),
  };
};

/** How a figure is made. */
export interface FigureOptions {
  /** Adds tooltips, choosing arms in the legend, and zooming. */
  readonly interactive?: boolean;
  /** A row of panels for each arm, on the same scales, instead of all arms in each panel. */
  readonly facet?: boolean;
  /** For a phone: panels below each other, words in short lines, and no dragging, which would hold up the page. */
  readonly narrow?: boolean;
}

/** Panels in columns; one that would be alone in its row is as wide as a whole one. */
const grid = (panels: readonly Json[], columns: number, facet: boolean): Json => {
  const rest = columns > 1 && panels.length % columns === 1 && panels.length > 1 ? panels.slice(-1) : [];
  const inColumns: Json = {
    // Flush, the widths of labels do not count; but the names of arms over facets need room.
    ...(facet ? { spacing: FACET_SPACING } : { bounds: 'flush', spacing: SPACING }),
    columns,
    concat: rest.length > 0 ? panels.slice(0, -1) : panels,
  };
  return { spacing: BELOW_GRID, vconcat: [inColumns, ...rest] };
};

/** The figure of curves; columns without a point are left out. */
export const figureSpec = (
  curves: Curves,
  heading: Heading | null,
  { interactive = false, facet = false, narrow = false }: FigureOptions = {},
): FigureSpec => {
  const labels = shorten(
    curves.arms.map((_, arm) => armLabel(curves, arm)),
    LONGEST_LABEL,
  );
  const byName = new Map(curves.arms.map(({ name }, arm) => [name, labels[arm]]));
  const labelOf = (name: string): string => byName.get(name) ?? name;
  const panels = panelsOf(curves, !facet);
  const shared: Shared = {
    labels,
    labelOf,
    strokes: curves.arms.map(({ slot }) => strokeOf(slot)),
    ...legendOf(curves, labels, narrow),
    axis: curves.x,
    lastX: lastX(panels),
    interactive,
    movable: interactive && !narrow,
  };
  const inColumns = facet ? panels.length : 2;
  const columns = narrow ? 1 : inColumns;
  const views = (facet ? labels : [null]).flatMap((only) => panels.map((panel) => ({ panel, only })));
  const sizeOf = (index: number): Json => {
    if (narrow) return NARROW;
    if (facet) return { ...PANEL, height: FACET_HEIGHT };
    if (views.length === 1) return LONE;
    const isWide = index === views.length - 1 && views.length % columns === 1;
    return isWide ? { ...PANEL, width: columns * PANEL.width + SPACING.column } : PANEL;
  };
  const specs = views.map(({ panel, only }, index) => panelSpec(panel, shared, sizeOf(index), only, index));
  const words = (text: string): string | string[] => (narrow ? wrapped(text) : text);
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    background: 'white',
    padding: narrow ? 4 : 16,
    ...(heading ? { title: { text: words(heading.title), subtitle: words(heading.subtitle ?? '') } } : {}),
    config: figureConfig,
    resolve: { scale: { color: 'shared', strokeDash: 'shared' } },
    data: { name: 'curves' },
    ...grid(specs, columns, facet),
    datasets: {
      curves: curves.columns.flatMap(({ column, points }) =>
        points.map(({ arm, x, step, ...point }) => ({
          column,
          arm: labelOf(arm),
          step,
          ...(curves.x === 'step' ? {} : { [curves.x]: x }),
          ...point,
        })),
      ),
    },
  };
};
