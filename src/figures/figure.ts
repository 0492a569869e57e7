/** @file Curves as a Vega-Lite specification: one panel per column, a line and a band per arm, and a legend. */

import { wrapped } from '../text/wrap.js';
import { armLabel, curveLegend } from './curve-notes.js';
import type { Curves } from './curves.js';
import { hasMarkers, type Json, type PanelSettings } from './figure-marks.js';
import { panelSpec, type Size, TITLE_LINE } from './figure-panel.js';
import { curveStyle, figureConfig } from './figure-style.js';
import { LEGEND_SIZE, legendPath } from './markers.js';
import { lastX, panelsOf, panelTitle } from './panel.js';

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

/** The width of the legend in pixels, and of lines of labels, panel titles and headings in characters. */
const WIDE_LINES = { legend: 860, label: 50, title: 56, heading: Infinity };
const NARROW_LINES = { legend: 330, label: 36, title: 42, heading: 46 };
type Lines = typeof WIDE_LINES;

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
  const linesOf = (text: string): string | string[] => (narrow ? wrapped(text, lines.heading) : text);
  const most = Math.max(...views.map(({ titleLines }) => titleLines.length));
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    background: 'white',
    padding: narrow ? 4 : 16,
    ...(heading
      ? { title: { text: linesOf(heading.title), subtitle: linesOf(heading.subtitle ?? '') } }
      : {}),
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
  const title = curveLegend(curves, bars ? 'band or bar' : 'band').flatMap((text) =>
    wrapped(text, lines.heading),
  );
  const paths = curves.arms.map(({ styleIndex }) => {
    const { dash, marker } = curveStyle(styleIndex);
    return legendPath(dash, marked ? marker : null);
  });
  return {
    legend: {
      title: title.length > 0 ? title : null,
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
