/** @file Curves as a Vega-Lite specification: one panel per column, a line and a band per arm, and a legend. */

import { tickStep } from 'd3-array';
import { wrapped } from '../text/wrap.js';
import { armLabel, curveLegend } from './curve-notes.js';
import type { Curves } from './curves.js';
import {
  hasMarkers,
  isNamed,
  type Json,
  layersOf,
  MARK_ROOM,
  numberText,
  type PanelSettings,
} from './figure-marks.js';
import { curveStyle, figureConfig, TITLE_Y } from './figure-style.js';
import { LEGEND_SIZE, legendPath } from './markers.js';
import { decades, lastX, type Panel, panelsOf, panelTitle, TICKS, type Zoom } from './panel.js';
import { decimalsOf } from './ticks.js';
import { axisTitle, positionsTitle } from './x-axis.js';

/** A Vega-Lite specification as JSON; its rows are in `datasets`. */
export interface FigureSpec {
  readonly datasets: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;
  readonly [key: string]: unknown;
}

/** The text above a figure. */
export interface Heading {
  readonly title: string;
  readonly subtitle?: string;
}

/** Sizes of panels, and the space between them for axes and titles, in pixels. */
const PANEL = { width: 376, height: 210 };
const NARROW = { width: 280, height: 190 };
const LONE = { width: 640, height: 340 };
const FACET_HEIGHT = 150;
const SPACING = { row: 80, column: 72 };
const FACET_SPACING = { row: 28, column: 36 };
const BELOW_GRID = 24;

/** The height of a line of a panel's title. */
const TITLE_LINE = 14;
/** The radius of a point in pixels; a clipped panel needs this much room at its edges. */
const POINT = 6;

/** The width of the legend in pixels, and of lines of labels, panel titles and headings in characters. */
const WIDE_LINES = { legend: 860, label: 50, title: 56, heading: Infinity };
const NARROW_LINES = { legend: 330, label: 36, title: 42, heading: 46 };
type Lines = typeof WIDE_LINES;

interface Size {
  readonly width: number;
  readonly height: number;
}

export interface FigureOptions {
  /** Adds tooltips, selection of arms in the legend, and zooming. */
  readonly interactive?: boolean;
  /** One row of panels per arm, on common scales, instead of all arms in each panel. */
  readonly facet?: boolean;
  /** For phones: one column of panels, short lines, and no dragging, which would prevent scrolling. */
  readonly narrow?: boolean;
}

/** The figure of curves; columns without points have no panel. */
export function figureSpec(
  curves: Curves,
  heading: Heading | null,
  { interactive = false, facet = false, narrow = false }: FigureOptions = {},
): FigureSpec {
  const labels = curves.arms.map((arm) => armLabel(curves, arm));
  const lines = narrow ? NARROW_LINES : WIDE_LINES;
  const byName = new Map(curves.arms.map((arm) => [arm.name, armLabel(curves, arm)]));
  const labelOf = (name: string): string => byName.get(name) ?? name;
  const panels = panelsOf(curves, !facet);
  const settings: PanelSettings = {
    labels,
    labelOf,
    styles: curves.arms.map(({ styleIndex }) => curveStyle(styleIndex)),
    names: Object.fromEntries(curves.arms.map(({ name }) => [labelOf(name), name])),
    facet,
    ...legendOf(curves, labels, lines, !facet && panels.some(({ positions }) => positions !== null)),
    axis: curves.x,
    lastX: lastX(panels),
    interactive,
    movable: interactive && !narrow,
  };
  const inColumns = facet ? panels.length : 2;
  const columns = narrow ? 1 : inColumns;
  const views = (facet ? labels : [null]).flatMap((only) =>
    panels.map((panel) => {
      const title = only === null ? panelTitle(panel) : `${only}: ${panelTitle(panel)}`;
      return { panel, only, titleLines: wrapped(title, lines.title) };
    }),
  );
  const sizeOf = (index: number): Size => {
    if (narrow) return NARROW;
    if (facet) return { ...PANEL, height: FACET_HEIGHT };
    if (views.length === 1) return LONE;
    const isWide = index === views.length - 1 && views.length % columns === 1;
    return isWide ? { ...PANEL, width: columns * PANEL.width + SPACING.column } : PANEL;
  };
  const specs = views.map((view, index) => panelSpec(view, settings, sizeOf(index), index));
  const words = (text: string): string | string[] => (narrow ? wrapped(text, lines.heading) : text);
  const most = Math.max(...views.map(({ titleLines }) => titleLines.length));
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

/** The legend. Its symbols are lines of 30 pixels, with markers if the figure shows points; Vega expects 10 by 10. */
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
  const paths = curves.arms.map(({ styleIndex }) => {
    const { dash, marker } = curveStyle(styleIndex);
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
      symbolOpacity: 1, // the default is the opacity of the band, as for fillOpacity
    },
    symbols: {
      shape: { value: { expr: `${JSON.stringify(paths)}[datum.index]` } },
      fill: { value: { expr: "scale('color', datum.value)" } },
      fillOpacity: { value: 1 },
    },
  };
}

/** The number of columns of the legend, for labels with 7 pixels per character. */
function legendColumns(labels: readonly string[], { legend, label }: Lines): number {
  const longest = labels.flatMap((text) => wrapped(text, label)).map((line) => line.length);
  const width = 62 + 7 * Math.max(...longest);
  return Math.max(1, Math.min(labels.length, Math.floor(legend / width)));
}

/** A Vega expression for the lines of a label. */
function labelLines(labels: readonly string[], { label }: Lines): string {
  return `${JSON.stringify(Object.fromEntries(labels.map((text) => [text, wrapped(text, label)])))}[datum.label]`;
}

/** A panel of a figure, for all arms or for only one. */
interface PanelView {
  readonly panel: Panel;
  /** The label of the only arm; null for all arms. */
  readonly only: string | null;
  readonly titleLines: readonly string[];
}

/** @param index of the panel in the figure */
function panelSpec(
  { panel, only, titleLines }: PanelView,
  settings: PanelSettings,
  size: Size,
  index: number,
): Json {
  const { curve, log, shown, percent, zoom } = panel;
  const domain =
    settings.movable && hasMarkers({ columns: [curve] })
      ? padded(shown, size.height, [POINT, POINT], log)
      : shown;
  // By default, the first line is at the position of a single line, and the others would overlap the panel.
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
  // The lower end of an interval may be below zero, which has no logarithm.
  const lowShown = `datum.low === null ? null : max(datum.low, ${domain[0]})`;
  return {
    ...size,
    transform: [
      { filter: `datum.column === '${curve.column}'` },
      ...(only === null ? [] : [{ filter: { field: 'arm', equal: only } }]),
      ...(zoom ? [{ filter: inZoom(zoom, settings) }] : []),
      ...(log ? [{ calculate: lowShown, as: 'lowShown' }] : []),
    ],
    encoding: { x: xOf(panel, settings, size), y },
    layer: layersOf(panel, settings, size, index),
  };
}

/** A domain extended by a number of pixels at each end, so that a clipped panel shows its points completely. */
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

/** A Vega expression that selects the points of a zoomed panel. */
function inZoom({ from }: Zoom, { labelOf }: PanelSettings): string {
  const steps = Object.fromEntries([...from].map(([arm, step]) => [labelOf(arm), step]));
  return `datum.step >= ${JSON.stringify(steps)}[datum.arm]`; // false for other arms, which have no step
}

/** The x axis of a panel: quantitative, or nominal for arms side by side. */
function xOf(panel: Panel, settings: PanelSettings, { width }: Size): Json {
  const { positions, zoom } = panel;
  if (positions && !settings.facet) {
    const labels = shownIn(panel).map(settings.labelOf);
    return {
      field: 'arm',
      type: 'nominal',
      sort: null,
      title: positionsTitle(settings.axis, positions),
      scale: { type: 'point', padding: 0.5, domain: labels },
      axis: {
        ticks: false,
        labelAngle: 0,
        ...(isNamed(panel, width)
          ? { labelExpr: `${JSON.stringify(settings.names)}[datum.label]` }
          : { labels: false, titlePadding: 6 + MARK_ROOM }),
      },
    };
  }
  const domain = [zoom?.firstX ?? 0, settings.lastX] as const;
  const decimals = decimalsOf(tickStep(...domain, TICKS));
  return {
    field: settings.axis,
    type: 'quantitative',
    title: axisTitle(settings.axis),
    scale: { domain: settings.movable ? padded(domain, width, [0, POINT]) : domain, nice: false },
    // The same number of decimals for all labels; whole numbers get decimals when a reader zooms.
    axis: { tickCount: TICKS, format: decimals === 0 ? ',~r' : `,.${decimals}f` },
  };
}

function shownIn({ curve }: Panel): string[] {
  return [...new Set(curve.points.map(({ arm }) => arm))];
}

/**
 * Panels in columns; a single panel in the last row has the width of a row.
 *
 * @param more additional pixels between rows, for titles of several lines
 */
function grid(panels: readonly Json[], columns: number, facet: boolean, more: number): Json {
  const rest = columns > 1 && panels.length % columns === 1 && panels.length > 1 ? panels.slice(-1) : [];
  const inColumns: Json = {
    // Flush layout ignores the widths of labels, but facets need room for the names of arms.
    ...(facet
      ? { spacing: FACET_SPACING }
      : { bounds: 'flush', spacing: { ...SPACING, row: SPACING.row + more } }),
    columns,
    concat: rest.length > 0 ? panels.slice(0, -1) : panels,
  };
  return { spacing: BELOW_GRID, vconcat: [inColumns, ...rest] };
}
