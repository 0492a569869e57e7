/** @file The marks of a panel of curves in Vega-Lite: bands, lines, points, and tooltips. */

import { rollup } from 'd3-array';
import type { Curves } from './curves.js';
import type { CurveStyle } from './figure-style.js';
import type { Panel } from './panel.js';
import type { XAxis } from './x-axis.js';

export type Json = Readonly<Record<string, unknown>>;

/** Settings that all panels of a figure share. */
export interface PanelSettings {
  readonly labels: readonly string[];
  readonly labelOf: (arm: string) => string;
  /** The names of arms by their labels. */
  readonly names: Readonly<Record<string, string>>;
  /** Whether each panel shows a single arm. */
  readonly facet: boolean;
  /** In the order of `labels`. */
  readonly styles: readonly CurveStyle[];
  readonly legend: Json;
  /** The encoding of the symbols in the legend. */
  readonly symbols: Json;
  readonly axis: XAxis;
  /** The end of the x axis of every panel. */
  readonly lastX: number;
  readonly interactive: boolean;
  /** Whether a reader can move and zoom panels. */
  readonly movable: boolean;
}

/** A curve with at most this many points shows each point. */
const FEW = 12;

/** The width of a character of an axis label, in pixels. */
const CHARACTER = 7;
/** The height of markers that replace axis labels, in pixels. */
export const MARK_ROOM = 16;

/** Whether a figure shows points, so that the legend has to show their markers. */
export function hasMarkers({ columns }: Pick<Curves, 'columns'>): boolean {
  return columns.some((curve) => countsOf(curve).some((count) => count <= FEW));
}

/** The number of points of each arm. */
function countsOf({ points }: Panel['curve']): number[] {
  return [
    ...rollup(
      points,
      ({ length }) => length,
      ({ arm }) => arm,
    ).values(),
  ];
}

/**
 * The layers of a panel, from back to front.
 *
 * @param size of the panel, in pixels
 * @param index of the panel in the figure
 */
export function layersOf(
  panel: Panel,
  settings: PanelSettings,
  { width, height }: { readonly width: number; readonly height: number },
  index: number,
): Json[] {
  const { curve, zoom } = panel;
  const { interactive, movable } = settings;
  const channels = channelsOf(settings);
  const fewest = Math.min(...countsOf(curve));
  const hasBand = curve.points.some(({ low }) => low !== null);
  const banded = hasBand && (zoom?.banded ?? true);
  const sideBySide = panel.positions !== null && !settings.facet;
  return [
    ...(banded ? [areas(panel, settings, channels)] : []),
    ...(banded && fewest === 1 ? [bars(panel, channels, sideBySide)] : []),
    lines(settings, channels, index),
    ...(fewest <= FEW ? [points(settings, channels)] : []),
    ...(sideBySide && !isNamed(panel, width) ? [axisMarkers(settings, channels, height)] : []),
    ...(interactive ? [sensors(panel, settings, hasBand, movable && !sideBySide ? index : null)] : []),
  ];
}

/** The encodings that distinguish arms. */
interface Channels {
  readonly color: Json;
  readonly strokeDash: Json;
  /** The same with another legend. */
  readonly withLegend: (legend: Json) => { readonly color: Json; readonly strokeDash: Json };
  /** In an interactive figure, arms that are not selected are faint. */
  readonly opacity: (value: number) => Json;
}

function channelsOf({ labels, styles, legend, interactive }: PanelSettings): Channels {
  const byArm = (range: readonly unknown[], guide: Json): Json => ({
    field: 'arm',
    type: 'nominal',
    sort: null,
    legend: guide,
    scale: { domain: labels, range },
  });
  const withLegend: Channels['withLegend'] = (guide) => ({
    color: byArm(
      styles.map(({ color }) => color),
      guide,
    ),
    strokeDash: byArm(
      styles.map(({ dash }) => dash),
      guide,
    ),
  });
  return {
    ...withLegend(legend),
    withLegend,
    opacity: (value) =>
      interactive ? { condition: { param: 'arms', value }, value: value / 12 } : { value },
  };
}

/** Transforms that keep only arms with at most this number of points. */
function withFewPoints(most: number): Json[] {
  return [
    { joinaggregate: [{ op: 'count', as: 'points' }], groupby: ['arm'] },
    { filter: `datum.points <= ${most}` },
  ];
}

/** The bands of curves. */
function areas({ log }: Panel, { labels }: PanelSettings, { color, opacity }: Channels): Json {
  return {
    mark: { type: 'area', clip: true },
    encoding: {
      y: { field: log ? 'lowShown' : 'low', type: 'quantitative' },
      y2: { field: 'high' },
      color,
      opacity: opacity(Math.max(0.06, 0.2 / Math.sqrt(Math.max(1, labels.length / 3)))),
    },
  };
}

/** The bands of arms with a single point, where an area has no width. */
function bars({ shown: [bottom, top] }: Panel, channels: Channels, sideBySide: boolean): Json {
  const { color, strokeDash, opacity } = channels;
  return {
    transform: [
      ...withFewPoints(1),
      // Limits instead of clipping, which would cut off half the width of a bar at the end of the axis.
      { calculate: `max(datum.low, ${bottom})`, as: 'from' },
      { calculate: `min(datum.high, ${top})`, as: 'to' },
      { filter: 'isValid(datum.low)' },
    ],
    mark: { type: 'rule', strokeWidth: 2 },
    encoding: {
      y: { field: 'from', type: 'quantitative' },
      y2: { field: 'to' },
      color,
      ...(sideBySide ? {} : { strokeDash }), // dashes keep two bars at the same position visible
      opacity: opacity(0.8),
    },
  };
}

/** The lines of curves. In the first panel, they carry the clickable legend. */
function lines(settings: PanelSettings, { withLegend, opacity }: Channels, index: number): Json {
  const { legend, symbols, interactive } = settings;
  const choice = { name: 'arms', select: { type: 'point', fields: ['arm'] }, bind: 'legend' };
  return {
    mark: { type: 'line', clip: true, strokeWidth: 1.7, strokeJoin: 'round' },
    encoding: {
      // Vega-Lite merges all legends; only the clickable one may have an encoding.
      ...withLegend(index === 0 ? { ...legend, encoding: { symbols } } : legend),
      opacity: opacity(1),
    },
    ...(interactive && index === 0 ? { params: [choice] } : {}),
  };
}

/** The markers of curves with few points. */
function points({ labels, styles }: PanelSettings, { color, opacity }: Channels) {
  const markers = Object.fromEntries(labels.map((label, arm) => [label, styles[arm]?.marker]));
  return {
    transform: [...withFewPoints(FEW), { calculate: `${JSON.stringify(markers)}[datum.arm]`, as: 'marker' }],
    mark: { type: 'point', filled: true, size: 64 },
    encoding: { color, shape: { field: 'marker', type: 'nominal', scale: null }, opacity: opacity(1) },
  };
}

/** Markers below the axis, for arms side by side without room for their names. */
function axisMarkers(settings: PanelSettings, channels: Channels, height: number): Json {
  const { mark, encoding, ...rest } = points(settings, channels);
  return {
    ...rest,
    mark: { ...mark, size: 40 },
    encoding: { ...encoding, y: { value: height + MARK_ROOM / 2 + 5 } },
  };
}

/**
 * Invisible points with tooltips.
 *
 * @param index of a panel that a reader can move; null otherwise
 */
function sensors(panel: Panel, { axis }: PanelSettings, hasBand: boolean, index: number | null): Json {
  const { transform, fields } = tooltip(panel, hasBand, axis);
  return {
    transform,
    mark: { type: 'point', filled: true, size: 120, opacity: 0, clip: true },
    encoding: { tooltip: fields },
    ...(index === null ? {} : { params: [dragging(index)] }),
  };
}

/** The fields of a tooltip, and the transform that formats them. */
function tooltip(
  { title, percent }: Panel,
  banded: boolean,
  axis: XAxis,
): { transform: Json[]; fields: Json[] } {
  const format = percent ? '.2%' : '.4~g';
  const rows: (readonly [field: string, title: string, format: string])[] = [
    ['step', 'step', ',d'],
    ...(axis === 'step' ? [] : [[axis, axis, '.4~g'] as const]),
    ['mean', title, format],
    ...(banded
      ? (['low', 'high'] as const).map(
          (edge) =>
            [edge, edge === 'low' ? 'lower end of the band' : 'upper end of the band', format] as const,
        )
      : []),
    ['n', 'seeds', 'd'],
  ];
  return {
    transform: rows.map(([field, , form]) => ({
      calculate: `isValid(datum.${field}) ? ${numberText(`datum.${field}`, form)} : 'none'`,
      as: `${field}Text`,
    })),
    fields: [
      { field: 'arm', type: 'nominal' },
      ...rows.map(([field, name]) => ({ field: `${field}Text`, title: name, type: 'nominal' })),
    ],
  };
}

/** Dragging moves a panel. The wheel zooms only with Shift, so that it still scrolls the page. */
function dragging(index: number): Json {
  return {
    name: `zoom_${index}`,
    select: { type: 'interval', zoom: 'wheel![event.shiftKey]' },
    bind: 'scales',
  };
}

/** A Vega expression that formats a number, with a minus sign instead of d3's hyphen in an exponent. */
export function numberText(value: string, format: string): string {
  return `replace(format(${value}, '${format}'), 'e-', 'e−')`;
}

/**
 * Whether there is room for the names of arms side by side below the axis; otherwise their markers are there.
 *
 * @param width of the panel, in pixels
 */
export function isNamed({ curve }: Panel, width: number): boolean {
  const arms = new Set(curve.points.map(({ arm }) => arm));
  return [...arms].every((arm) => CHARACTER * (arm.length + 1) <= width / arms.size);
}
