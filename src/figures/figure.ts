/** @file Curves as a Vega-Lite specification: a panel a column, a line and a band an arm, one legend. */

import { wrapped } from '../text/wrap.js';
import { armLabel, curveLegend } from './curve-words.js';
import type { Curves } from './curves.js';
import {
  hasMarkers,
  isNamed,
  type Json,
  layersOf,
  MARK_ROOM,
  numberText,
  type Shared,
} from './figure-marks.js';
import { figureConfig, strokeOf, TITLE_Y } from './figure-style.js';
import { LEGEND_SIZE, legendPath } from './markers.js';
import { decades, lastX, type Panel, panelsOf, panelTitle, TICKS, type Zoom } from './panel.js';
import { decimalsOf, tickStride } from './ticks.js';
import { axisTitle, placesTitle } from './x-axis.js';

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

/** Pixels of a panel, of one that is alone, and between panels, where axes and titles stand. */
const PANEL = { width: 376, height: 210 };
const NARROW = { width: 280, height: 190 };
const LONE = { width: 640, height: 340 };
const FACET_HEIGHT = 150;
const SPACING = { row: 80, column: 72 };
const FACET_SPACING = { row: 28, column: 36 };
const BELOW_GRID = 24;

/** Height of a line of a title over a panel. */
const TITLE_LINE = 14;
/** Pixels that a point needs around its middle, so that a panel that cuts its marks cuts none. */
const POINT = 6;

/** Pixels that a legend has, and the characters of a line in it, over a panel, and above the figure. */
const WIDE_LINES = { legend: 860, label: 50, title: 56, heading: Infinity };
const NARROW_LINES = { legend: 330, label: 36, title: 42, heading: 46 };
type Lines = typeof WIDE_LINES;

interface Size {
  readonly width: number;
  readonly height: number;
}

/** How a figure is made. */
export interface FigureOptions {
  /** Adds tooltips, choosing arms in the legend, and zooming. */
  readonly interactive?: boolean;
  /** A row of panels for each arm, on the same scales, instead of all arms in each panel. */
  readonly facet?: boolean;
  /** For a phone: panels below each other, words in short lines, and no dragging, which would hold up the page. */
  readonly narrow?: boolean;
}

/** The figure of curves; columns without a point are left out. */
export function figureSpec(
  curves: Curves,
  heading: Heading | null,
  { interactive = false, facet = false, narrow = false }: FigureOptions = {},
): FigureSpec {
  const labels = curves.arms.map((_, arm) => armLabel(curves, arm));
  const lines = narrow ? NARROW_LINES : WIDE_LINES;
  const byName = new Map(curves.arms.map(({ name }, arm) => [name, labels[arm]]));
  const labelOf = (name: string): string => byName.get(name) ?? name;
  const panels = panelsOf(curves, !facet);
  const shared: Shared = {
    labels,
    labelOf,
    strokes: curves.arms.map(({ slot }) => strokeOf(slot)),
    names: Object.fromEntries(curves.arms.map(({ name }, arm) => [labels[arm], name])),
    alone: facet,
    ...legendOf(curves, labels, lines, !facet && panels.some(({ places }) => places !== null)),
    axis: curves.x,
    lastX: lastX(panels),
    interactive,
    movable: interactive && !narrow,
  };
  const inColumns = facet ? panels.length : 2;
  const columns = narrow ? 1 : inColumns;
  const views = (facet ? labels : [null]).flatMap((only) => panels.map((panel) => ({ panel, only })));
  const titles = views.map(({ panel, only }) =>
    wrapped(only === null ? panelTitle(panel) : `${only}: ${panelTitle(panel)}`, lines.title),
  );
  const sizeOf = (index: number): Size => {
    if (narrow) return NARROW;
    if (facet) return { ...PANEL, height: FACET_HEIGHT };
    if (views.length === 1) return LONE;
    const isWide = index === views.length - 1 && views.length % columns === 1;
    return isWide ? { ...PANEL, width: columns * PANEL.width + SPACING.column } : PANEL;
  };
  const specs = views.map(({ panel, only }, index) =>
    panelSpec(panel, shared, sizeOf(index), titles[index], only, index),
  );
  const words = (text: string): string | string[] => (narrow ? wrapped(text, lines.heading) : text);
  const most = Math.max(...titles.map((title) => title.length));
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    background: 'white',
    padding: narrow ? 4 : 16,
    ...(heading ? { title: { text: words(heading.title), subtitle: words(heading.subtitle ?? '') } } : {}),
    config: figureConfig,
    resolve: { scale: { color: 'shared', strokeDash: 'shared' } },
    data: { name: 'curves' },
    ...grid(specs, columns, facet, (most - 1) * TITLE_LINE),
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
}

/** The legend shows lines of 30 pixels, with marks where points have some; to Vega they are symbols of 10 by 10. */
function legendOf(
  curves: Curves,
  labels: readonly string[],
  lines: Lines,
  bars: boolean,
): { legend: Json; symbols: Json } {
  const marked = hasMarkers(curves);
  const words = curveLegend(curves, bars ? 'band or bar' : 'band').flatMap((text) =>
    wrapped(text, lines.heading),
  );
  const paths = curves.arms.map(({ slot }) => {
    const { dash, marker } = strokeOf(slot);
    return legendPath(dash, marked ? marker : null);
  });
  return {
    legend: {
      title: words.length > 0 ? words : null,
      orient: 'bottom',
      columns: legendColumns(labels, lines),
      labelExpr: labelLines(labels, lines),
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
}

/** Columns of the legend: as many as fit, a label's character being about 7 pixels wide. */
function legendColumns(labels: readonly string[], { legend, label }: Lines): number {
  const longest = labels.flatMap((text) => wrapped(text, label)).map((line) => line.length);
  const width = 62 + 7 * Math.max(...longest);
  return Math.max(1, Math.min(labels.length, Math.floor(legend / width)));
}

/** The lines of a label, in the expressions of Vega. */
function labelLines(labels: readonly string[], { label }: Lines): string {
  return `${JSON.stringify(Object.fromEntries(labels.map((text) => [text, wrapped(text, label)])))}[datum.label]`;
}

/**
 * @param only the label of the one arm that it shows; null for all
 * @param index of the panel in the figure
 */
function panelSpec(
  panel: Panel,
  shared: Shared,
  size: Size,
  titleLines: readonly string[],
  only: string | null,
  index: number,
): Json {
  const { curve, log, shown, percent, zoom } = panel;
  const domain =
    shared.movable && hasMarkers({ columns: [curve] })
      ? padded(shown, size.height, [POINT, POINT], log)
      : shown;
  // The first line stands where that of one line would, unless told; so more go into the panel.
  const more = titleLines.length - 1;
  const lifted = more === 0 ? {} : { titleY: TITLE_Y - more * TITLE_LINE };
  const y: Json = {
    field: 'mean',
    type: 'quantitative',
    title: titleLines.length === 1 ? titleLines[0] : titleLines,
    ...(log
      ? {
          scale: { type: 'log', domain, nice: false },
          axis: { ...lifted, values: decades(shown), labelExpr: numberText('datum.value', ',~g') },
        }
      : {
          scale: { domain, zero: false, nice: false },
          axis: { ...lifted, tickCount: TICKS, ...(percent ? { format: '%' } : {}) },
        }),
  };
  // An interval may begin below zero, which has no logarithm.
  const lowShown = `datum.low === null ? null : max(datum.low, ${domain[0]})`;
  return {
    ...size,
    transform: [
      { filter: `datum.column === '${curve.column}'` },
      ...(only === null ? [] : [{ filter: { field: 'arm', equal: only } }]),
      ...(zoom ? [{ filter: inZoom(zoom, shared) }] : []),
      ...(log ? [{ calculate: lowShown, as: 'lowShown' }] : []),
    ],
    encoding: { x: xOf(panel, shared, size), y },
    layer: layersOf(panel, shared, size, index),
  };
}

/** A domain that is longer by so many pixels at its ends, so that a panel that cuts its marks cuts no point. */
function padded(
  [low, high]: readonly [number, number],
  pixels: number,
  [before, after]: readonly [number, number],
  log = false,
): [number, number] {
  const [from, to] = log ? [Math.log(low), Math.log(high)] : [low, high];
  const pixel = (to - from) / (pixels - before - after);
  const ends: [number, number] = [from - before * pixel, to + after * pixel];
  return log ? [Math.exp(ends[0]), Math.exp(ends[1])] : ends;
}

/** Which points a zoomed panel shows, as a test in Vega. */
function inZoom({ from }: Zoom, { labelOf }: Shared): string {
  const steps = Object.fromEntries([...from].map(([arm, step]) => [labelOf(arm), step]));
  return `datum.step >= ${JSON.stringify(steps)}[datum.arm]`; // of other arms there is no step: false
}

/** The x axis of a panel: where its points lie, or its arms side by side. */
function xOf(panel: Panel, shared: Shared, { width }: Size): Json {
  const { places, zoom } = panel;
  if (places && !shared.alone) {
    const labels = shownIn(panel).map(shared.labelOf);
    return {
      field: 'arm',
      type: 'nominal',
      sort: null,
      title: placesTitle(shared.axis, places),
      scale: { type: 'point', padding: 0.5, domain: labels },
      axis: {
        ticks: false,
        labelAngle: 0,
        ...(isNamed(panel, width)
          ? { labelExpr: `${JSON.stringify(shared.names)}[datum.label]` }
          : { labels: false, titlePadding: 6 + MARK_ROOM }),
      },
    };
  }
  const domain = [zoom?.firstX ?? 0, shared.lastX] as const;
  const decimals = decimalsOf(tickStride(...domain, TICKS));
  return {
    field: shared.axis,
    type: 'quantitative',
    title: axisTitle(shared.axis),
    scale: { domain: shared.movable ? padded(domain, width, [0, POINT]) : domain, nice: false },
    // As many decimals for all; whole numbers get some when a panel is zoomed.
    axis: { tickCount: TICKS, format: decimals === 0 ? ',~r' : `,.${decimals}f` },
  };
}

function shownIn({ curve }: Panel): string[] {
  return [...new Set(curve.points.map(({ arm }) => arm))];
}

/**
 * Panels in columns; one that would be alone in its row is as wide as a whole one.
 *
 * @param more pixels between rows, for titles of several lines
 */
function grid(panels: readonly Json[], columns: number, facet: boolean, more: number): Json {
  const rest = columns > 1 && panels.length % columns === 1 && panels.length > 1 ? panels.slice(-1) : [];
  const inColumns: Json = {
    // Flush, the widths of labels do not count; but the names of arms over facets need room.
    ...(facet
      ? { spacing: FACET_SPACING }
      : { bounds: 'flush', spacing: { ...SPACING, row: SPACING.row + more } }),
    columns,
    concat: rest.length > 0 ? panels.slice(0, -1) : panels,
  };
  return { spacing: BELOW_GRID, vconcat: [inColumns, ...rest] };
}
