/** @file Curves as text for a terminal: one panel per column, one marker per arm. */

import { wrapped } from '../text/wrap.js';
import { armLabel, curveLegend } from './curve-notes.js';
import type { Curve, CurveArm, CurvePoint, Curves } from './curves.js';
import { decades, lastX, type Panel, panelsOf, panelTitle } from './panel.js';
import { decimalsOf, multiples } from './ticks.js';

/** Colours of arms, in addition to their markers. */
export interface TextStyle {
  readonly color: (styleIndex: number, text: string) => string;
}

/** Markers of arms: ASCII, so that every terminal can show them. */
const MARKERS = '*o+x#@%&=~$ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnpqrstuvwyz';
/** The line between markers. */
const LINE = '·';
/** Points are marked if their mean distance is at least this number of columns; otherwise markers draw the curve. */
const MARKER_DISTANCE = 4;

/** The minimum size of a panel, in characters. */
const MIN_WIDTH = 24;
const MIN_HEIGHT = 4;
/** The largest number of overlapping arms that are listed by name. */
const MAX_NAMED = 4;

/** Labels with more decimals are exponential, or have as many decimals as each needs. */
const MAX_DECIMALS = 9;

/** Labels of an axis by row or column. */
type Ticks = ReadonlyMap<number, string>;

/** The rows that a curve fills in one column of characters. */
interface Stroke {
  readonly top: number;
  readonly bottom: number;
}

/** An arm's curve in characters. */
interface Trace {
  /** The lines between points, one stroke per column; null where there is no line. */
  readonly strokes: readonly (Stroke | null)[];
  /** The rows of points by column; null if every character of the lines counts as a point. */
  readonly points: ReadonlyMap<number, ReadonlySet<number>> | null;
}

interface Frame {
  readonly width: number;
  readonly columnOf: (x: number) => number;
  /** The row of a value, not rounded. */
  readonly rowOf: (value: number) => number;
}

interface Drawn {
  readonly lines: readonly string[];
  /** Arms whose points have the same place as those of another arm. */
  readonly overlapping: ReadonlySet<CurveArm>;
}

/**
 * The means of curves as text: panels one below the other, then the legend.
 *
 * @param size of a panel, in characters; a size that is too small is increased
 */
export function figureText(
  curves: Curves,
  size: { width: number; height: number } = { width: 80, height: 15 },
  style: TextStyle = { color: (_, text) => text },
): string {
  const room = { width: Math.max(size.width, MIN_WIDTH), height: Math.max(size.height, MIN_HEIGHT) };
  const panels = panelsOf({ columns: curves.columns.map(withoutBand) });
  const drawn = panels.map((panel) => drawPanel(panel, curves, lastX(panels), room, style));
  const lines = (text: string, indent = 0): string[] =>
    wrapped(text, room.width, indent).map((line, index) => (index === 0 ? line : ' '.repeat(indent) + line));
  const legend = curves.arms.flatMap((arm) =>
    lines(`${markerOf(arm)} ${armLabel(curves, arm)}`, 2).map((line) => style.color(arm.styleIndex, line)),
  );
  const overlapping = curves.arms.filter((arm) => drawn.some((panel) => panel.overlapping.has(arm)));
  const note = overlapNote(curves, overlapping);
  return [
    ...drawn.map((panel) => panel.lines.join('\n')),
    [
      ...curveLegend(curves, null).flatMap((text) => lines(text)),
      ...legend,
      ...(note === null ? [] : lines(note)),
    ].join('\n'),
  ].join('\n\n');
}

/**
 * The first column of curves as one panel without a legend: a title, `size.height` rows, the axis and its labels.
 *
 * @param size as of `figureText`
 * @returns lines; none if the column has no points
 */
export function panelText(
  curves: Curves,
  size: { width: number; height: number },
  style: TextStyle = { color: (_, text) => text },
): readonly string[] {
  const room = { width: Math.max(size.width, MIN_WIDTH), height: Math.max(size.height, MIN_HEIGHT) };
  const [panel] = panelsOf({ columns: curves.columns.map(withoutBand) }, false);
  return panel ? drawPanel(panel, curves, lastX([panel]), room, style).lines : [];
}

/** Text shows only means, so the domain does not need room for bands. */
function withoutBand(curve: Curve): Curve {
  return {
    ...curve,
    points: curve.points.map((point) => ({ ...point, low: null, high: null })),
  };
}

function drawPanel(
  panel: Panel,
  curves: Curves,
  last: number,
  size: { width: number; height: number },
  style: TextStyle,
): Drawn {
  const { log, domain, percent, curve } = panel;
  const { height } = size;
  const from = log ? Math.log : (x: number) => x;
  const [low, high] = [from(domain[0]), from(domain[1])];
  const rowOf = (value: number): number => ((high - from(value)) / (high - low)) * (height - 1);
  const tickRow = (value: number): number => Math.round(rowOf(value));
  const powers = new Map(log ? decades(domain).map((tick) => [tickRow(tick), compact(tick)]) : []);
  // A single label does not show the scale.
  const ticks: Ticks =
    powers.size > 1
      ? powers
      : roundTicks(domain, Math.max(2, Math.floor(height / 3)), tickRow, { percent, least: 2 });
  const margin = Math.max(6, curves.x.length, ...[...ticks.values()].map((text) => text.length));
  const width = size.width - margin - 2;
  const columnOf = (x: number): number => Math.round((x / last) * (width - 1));

  const traces = curves.arms.map((arm) => {
    const points = curve.points.filter((point) => point.arm === arm.name);
    return { arm, trace: traceOf(points, { width, columnOf, rowOf }) };
  });
  const overlapping = new Set<CurveArm>();
  const cell = (row: number, column: number): string => {
    const marks = traces.map(({ arm, trace }) => ({ arm, mark: markAt(trace, row, column) }));
    const points = marks.filter(({ mark }) => mark === 'point');
    if (points.length > 1) for (const { arm } of points) overlapping.add(arm);
    const visible = points.length > 0 ? points : marks.filter(({ mark }) => mark === 'line');
    const shown = visible[column % visible.length]; // overlapping curves alternate
    if (!shown) return ' ';
    return style.color(shown.arm.styleIndex, shown.mark === 'point' ? markerOf(shown.arm) : LINE);
  };
  const body = Array.from({ length: height }, (_, row) => {
    const cells = Array.from({ length: width }, (_, column) => cell(row, column)).join('');
    return `${(ticks.get(row) ?? '').padStart(margin)} ${ticks.has(row) ? '┤' : '│'}${cells}`.trimEnd();
  });

  const axis = Array.from({ length: width }, () => '─');
  let names = curves.x.padStart(margin);
  for (const [at, text] of roundTicks([0, last], Math.max(1, Math.floor(width / 10)), columnOf)) {
    axis[at] = '┴';
    const start = at - Math.floor(text.length / 2) + margin + 2;
    // A label that would touch its neighbour or exceed the width is left out.
    if (start > names.length && start + text.length <= size.width) names = names.padEnd(start) + text;
  }
  const lines = [
    `${' '.repeat(margin + 2)}${panelTitle(panel)}`,
    ...body,
    `${' '.repeat(margin)} └${axis.join('')}`,
    names,
  ];
  return { lines, overlapping };
}

/** @param decimals the number of decimals of all labels of an axis; null for as many as needed */
function compact(value: number, decimals: number | null = null): string {
  if (value === 0 && (decimals ?? 0) > 4) return '0'; // other labels are exponential
  const size = Math.abs(value);
  const isExponential = value !== 0 && (size < 1e-4 || size >= 1e6);
  const digits =
    decimals === null
      ? { maximumSignificantDigits: 6 }
      : { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  return (isExponential ? value.toExponential(0) : value.toLocaleString('en', digits)).replaceAll('-', '−');
}

/**
 * Round numbers inside a range, all with the same number of decimals.
 *
 * @param most the largest number of ticks, which may be exceeded to reach `least`
 * @param placeOf the row or column of a number
 * @param least the smallest number of ticks at different places; if there are not enough round numbers, the ends of the
 *   range are the ticks
 */
function roundTicks(
  range: readonly [number, number],
  most: number,
  placeOf: (value: number) => number,
  { percent = false, least = 0 } = {},
): Ticks {
  const [low, high] = range;
  const label = (value: number, stride: number): string => {
    const all = decimalsOf(percent ? 100 * stride : stride);
    const decimals = all > MAX_DECIMALS ? null : all;
    return percent ? `${compact(value * 100, decimals)}%` : compact(value, decimals);
  };
  for (let count = most; count <= most + 3; count++) {
    const rough = (high - low) / count;
    // Rounded up, so that there are at most `count`.
    const power = 10 ** Math.floor(Math.log10(rough));
    const stride = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
    const ticks = new Map(multiples(range, stride).map((tick) => [placeOf(tick), label(tick, stride)]));
    if (ticks.size >= least) return ticks;
  }
  return new Map(range.map((end) => [placeOf(end), label(end, (high - low) / 100)]));
}

/** The mark of a trace in a row and column. */
function markAt({ strokes, points }: Trace, row: number, column: number): 'point' | 'line' | null {
  if (points?.get(column)?.has(row)) return 'point';
  const stroke = strokes[column];
  if (!stroke || row < stroke.top || row > stroke.bottom) return null;
  return points === null ? 'point' : 'line';
}

function traceOf(points: readonly CurvePoint[], frame: Frame): Trace {
  const strokes = strokesOf(points, frame);
  if (MARKER_DISTANCE * points.length > frame.width) return { strokes, points: null };
  const marked = new Map<number, Set<number>>();
  for (const { x, mean } of points) {
    const column = frame.columnOf(x);
    marked.set(column, (marked.get(column) ?? new Set()).add(Math.round(frame.rowOf(mean))));
  }
  return { strokes, points: marked };
}

function strokesOf(points: readonly CurvePoint[], { width, columnOf, rowOf }: Frame): (Stroke | null)[] {
  const strokes: (Stroke | null)[] = Array.from({ length: width }, () => null);
  let before: number | null = null;
  for (const [index, { x, mean }] of points.entries()) {
    const next = points[index + 1] ?? { x, mean };
    const [from, to] = [columnOf(x), columnOf(next.x)];
    for (let column = Math.max(from, 0); column <= Math.min(to, width - 1); column++) {
      const fraction = to === from ? 0 : (column - from) / (to - from);
      const row = Math.round(rowOf(mean) + fraction * (rowOf(next.mean) - rowOf(mean)));
      const joined: number = before === null || before === row ? row : before + Math.sign(row - before);
      const here = strokes[column] ?? { top: row, bottom: row };
      strokes[column] = { top: Math.min(here.top, row, joined), bottom: Math.max(here.bottom, row, joined) };
      before = row;
    }
  }
  return strokes;
}

/** The marker of an arm: one character. */
export function markerOf({ styleIndex }: Pick<CurveArm, 'styleIndex'>): string {
  return MARKERS.charAt(styleIndex % MARKERS.length);
}

/** A note on arms that partly hide each other; null if none do. */
function overlapNote({ arms }: Curves, overlapping: readonly CurveArm[]): string | null {
  if (overlapping.length === 0) return null;
  if (overlapping.length > MAX_NAMED)
    return `${overlapping.length} of ${arms.length} curves overlap in places`;
  const names = overlapping.map((arm) => `${markerOf(arm)} ${arm.name}`);
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)} overlap in places`;
}
