/** @file The marks of a panel of curves: bands, lines, points where there are few, and what answers the mouse. */

import type { Curves } from './curves.js';
import type { Stroke } from './figure-style.js';
import type { Panel } from './panel.js';
import type { XAxis } from './x-axis.js';

export type Json = Readonly<Record<string, unknown>>;

/** What all panels of a figure share. */
export interface Shared {
  readonly labels: readonly string[];
  readonly labelOf: (arm: string) => string;
  /** The arms' names by label. */
  readonly names: Readonly<Record<string, string>>;
  /** Whether each panel shows one arm alone. */
  readonly alone: boolean;
  /** By label. */
  readonly strokes: readonly Stroke[];
  readonly legend: Json;
  /** What the symbols of the legend are drawn with. */
  readonly symbols: Json;
  readonly axis: XAxis;
  /** Where the x axis of every panel ends. */
  readonly lastX: number;
  readonly interactive: boolean;
  /** Whether panels can be dragged and zoomed. */
  readonly movable: boolean;
}

/** A curve of at most this many points shows each. */
const FEW = 12;

/** Pixels of a character of an axis label, and of the room for marks that stand there instead. */
const CHARACTER = 7;
export const MARK_ROOM = 16;

/** Whether points are marked in a figure, so that the legend has to show the marks. */
export function hasMarkers({ columns }: Pick<Curves, 'columns'>): boolean {
  return columns.some((curve) => countsOf(curve).some((count) => count <= FEW));
}

function countsOf({ points }: Panel['curve']): number[] {
  const counts = new Map<string, number>();
  for (const { arm } of points) counts.set(arm, (counts.get(arm) ?? 0) + 1);
  return [...counts.values()];
}

/**
 * A panel's marks from the back to the front.
 *
 * @param size of the panel, in pixels
 * @param index of the panel in the figure
 */
export function layersOf(
  panel: Panel,
  shared: Shared,
  { width, height }: { readonly width: number; readonly height: number },
  index: number,
): Json[] {
  const { curve, log, zoom } = panel;
  const { labels, strokes, legend, interactive } = shared;
  const fewest = Math.min(...countsOf(curve));
  const hasBand = curve.points.some(({ low }) => low !== null);
  const banded = hasBand && (zoom?.banded ?? true);
  const sideBySide = panel.places !== null && !shared.alone;

  const byArm = (range: readonly unknown[], guide = legend): Json => ({
    field: 'arm',
    type: 'nominal',
    sort: null,
    legend: guide,
    scale: { domain: labels, range },
  });
  const [colors, dashes] = [strokes.map((stroke) => stroke.color), strokes.map((stroke) => stroke.dash)];
  const [color, strokeDash] = [byArm(colors), byArm(dashes)];
  // Vega-Lite takes all legends for one, and wants no encoding but in the one that answers clicks.
  const drawn = index === 0 ? { ...legend, encoding: { symbols: shared.symbols } } : legend;
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
  // Over a single point an area has no width. Dashes let two bars at one place both be seen.
  const [bottom, top] = panel.shown;
  const bars: Json = {
    transform: [
      ...few(1),
      // A clipped bar at the end of the axis would lose half of its width.
      { calculate: `max(datum.low, ${bottom})`, as: 'from' },
      { calculate: `min(datum.high, ${top})`, as: 'to' },
      { filter: 'isValid(datum.low)' },
    ],
    mark: { type: 'rule', strokeWidth: 2 },
    encoding: {
      y: { field: 'from', type: 'quantitative' },
      y2: { field: 'to' },
      color,
      ...(sideBySide ? {} : { strokeDash }),
      opacity: opacity(0.8),
    },
  };
  const choice = { name: 'arms', select: { type: 'point', fields: ['arm'] }, bind: 'legend' };
  const lines: Json = {
    mark: { type: 'line', clip: true, strokeWidth: 1.7, strokeJoin: 'round' },
    encoding: { color: byArm(colors, drawn), strokeDash: byArm(dashes, drawn), opacity: opacity(1) },
    ...(interactive && index === 0 ? { params: [choice] } : {}),
  };
  const markers = Object.fromEntries(labels.map((label, arm) => [label, strokes[arm].marker]));
  const points = {
    transform: [...few(FEW), { calculate: `${JSON.stringify(markers)}[datum.arm]`, as: 'marker' }],
    mark: { type: 'point', filled: true, size: 64 },
    encoding: { color, shape: { field: 'marker', type: 'nominal', scale: null }, opacity: opacity(1) },
  };
  // Below the axis, where names have no room.
  const marks: Json = {
    ...points,
    mark: { ...points.mark, size: 40 },
    encoding: { ...points.encoding, y: { value: height + MARK_ROOM / 2 + 5 } },
  };
  const { transform, fields } = tooltip(panel, hasBand, shared.axis);
  const sensors: Json = {
    transform,
    mark: { type: 'point', filled: true, size: 120, opacity: 0, clip: true },
    encoding: { tooltip: fields },
    ...(shared.movable && !sideBySide ? { params: [dragging(index)] } : {}),
  };
  return [
    ...(banded ? [areas] : []),
    ...(banded && fewest === 1 ? [bars] : []),
    lines,
    ...(fewest <= FEW ? [points] : []),
    ...(sideBySide && !isNamed(panel, width) ? [marks] : []),
    ...(interactive ? [sensors] : []),
  ];
}

/** A field of text for each number of a point, made in the transform; null stays away. */
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
      ? (['low', 'high'] as const).map((edge) => [edge, `${edge} end of the band`, format] as const)
      : []),
    ['n', 'seeds here', 'd'],
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

/** Dragging moves a panel, the wheel zooms it while Shift is held, so that a page still scrolls. */
function dragging(index: number): Json {
  return {
    name: `zoom_${index}`,
    select: { type: 'interval', zoom: 'wheel![event.shiftKey]' },
    bind: 'scales',
  };
}

/** A number as text, with a minus sign also in an exponent, where d3 has a hyphen. */
export function numberText(value: string, format: string): string {
  return `replace(format(${value}, '${format}'), 'e-', 'e−')`;
}

/**
 * Whether the names of arms that stand side by side have room below them; else their marks stand there.
 *
 * @param width pixels of the panel
 */
export function isNamed({ curve }: Panel, width: number): boolean {
  const arms = new Set(curve.points.map(({ arm }) => arm));
  return [...arms].every((arm) => CHARACTER * (arm.length + 1) <= width / arms.size);
}
