/** @file Curves as lines of text, for a terminal: a panel a column, a marker an arm. */

import { wrapped } from '../text/wrap.js';
import { armLabel, curveLegend } from './curve-words.js';
import type { Curve, CurvePoint, Curves } from './curves.js';
import { decades, lastX, type Panel, panelsOf, panelTitle } from './panel.js';
import { decimalsOf, multiples } from './ticks.js';

/** How to colour an arm; its marker alone tells it apart already. */
export interface TextStyle {
  readonly color: (slot: number, text: string) => string;
}

/** Each of one column; a terminal in any encoding has them. */
const MARKERS = '*o+x#@%&=~$ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnpqrstuvwyz';
/** Between points that are marked. */
const LINE = '·';
/** Points at least so many columns apart on average are marked; of nearer ones the curve itself is drawn. */
const APART = 4;

/** Narrower than this, there is no room for a curve beside the ticks. */
const NARROWEST = 24;
const LOWEST = 4;
/** More arms than this are counted, not named. */
const MOST_NAMED = 4;

/** Beyond so many, labels are exponential, or have as many as they need. */
const MOST_DECIMALS = 9;

/** Labels of an axis, by the place of their ticks. */
type Ticks = ReadonlyMap<number, string>;

/** The rows that a curve fills in a column of characters: one, or more where it is steep. */
interface Stroke {
  readonly top: number;
  readonly bottom: number;
}

/** An arm's curve in characters. */
interface Trace {
  /** Its lines, straight between points, a stroke a column; null where it has none. */
  readonly strokes: readonly (Stroke | null)[];
  /** The rows of its points, by column; null where every place of its lines counts as one. */
  readonly points: ReadonlyMap<number, ReadonlySet<number>> | null;
}

interface Frame {
  readonly width: number;
  readonly columnOf: (x: number) => number;
  /** Not rounded. */
  readonly rowOf: (value: number) => number;
}

interface Drawn {
  readonly lines: readonly string[];
  /** Indices of arms whose points lie on those of another. */
  readonly overlapping: readonly number[];
}

/**
 * The curves' means as text, a panel under the other, and what each marker stands for.
 *
 * @param size of a panel, in characters; made larger if nothing would fit
 * @param style colours
 */
export function figureText(
  curves: Curves,
  size: { width: number; height: number } = { width: 80, height: 15 },
  style: TextStyle = { color: (_, text) => text },
): string {
  const room = { width: Math.max(size.width, NARROWEST), height: Math.max(size.height, LOWEST) };
  const panels = panelsOf({ columns: curves.columns.map(withoutBand) });
  const drawn = panels.map((panel) => drawPanel(panel, curves, lastX(panels), room, style));
  const lines = (text: string, indent = 0): string[] =>
    wrapped(text, room.width, indent).map((line, index) => (index === 0 ? line : ' '.repeat(indent) + line));
  const legend = curves.arms.flatMap(({ slot }, arm) =>
    lines(`${markerOf(slot)} ${armLabel(curves, arm)}`, 2).map((line) => style.color(slot, line)),
  );
  const overlapping = [...new Set(drawn.flatMap((panel) => panel.overlapping))].sort((a, b) => a - b);
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

/** Text shows the means alone, so that they have all the room. */
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
  const [low, high] = domain.map(from);
  const rowOf = (value: number): number => ((high - from(value)) / (high - low)) * (height - 1);
  const tickRow = (value: number): number => Math.round(rowOf(value));
  const powers = new Map(log ? decades(domain).map((tick) => [tickRow(tick), compact(tick)]) : []);
  // One label alone says nothing of the scale.
  const ticks: Ticks =
    powers.size > 1
      ? powers
      : roundTicks(domain, Math.max(2, Math.floor(height / 3)), tickRow, { percent, least: 2 });
  const margin = Math.max(6, curves.x.length, ...[...ticks.values()].map((text) => text.length));
  const width = size.width - margin - 2;
  const columnOf = (x: number): number => Math.round((x / last) * (width - 1));

  const traces = curves.arms.map(({ name }) =>
    traceOf(
      curve.points.filter(({ arm }) => arm === name),
      { width, columnOf, rowOf },
    ),
  );
  const overlapping = new Set<number>();
  const cell = (row: number, column: number): string => {
    const places = traces.map((trace) => placeOf(trace, row, column));
    const armsWith = (kind: 'point' | 'line'): number[] =>
      places.flatMap((place, arm) => (place === kind ? [arm] : []));
    const [points, lines] = [armsWith('point'), armsWith('line')];
    if (points.length > 1) for (const arm of points) overlapping.add(arm);
    const here = points.length > 0 ? points : lines;
    if (here.length === 0) return ' ';
    const { slot } = curves.arms[here[column % here.length]]; // curves that lie on each other take turns
    return style.color(slot, points.length > 0 ? markerOf(slot) : LINE);
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
    // A name that would touch its neighbour or leave the page is left out.
    if (start > names.length && start + text.length <= size.width) names = names.padEnd(start) + text;
  }
  const lines = [
    `${' '.repeat(margin + 2)}${panelTitle(panel)}`,
    ...body,
    `${' '.repeat(margin)} └${axis.join('')}`,
    names,
  ];
  return { lines, overlapping: [...overlapping] };
}

/** @param decimals how many there are, so that all labels of an axis have as many; as needed if null */
function compact(value: number, decimals: number | null = null): string {
  if (value === 0 && (decimals ?? 0) > 4) return '0'; // beside exponential ones
  const size = Math.abs(value);
  const isExponential = value !== 0 && (size < 1e-4 || size >= 1e6);
  const digits =
    decimals === null
      ? { maximumSignificantDigits: 6 }
      : { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  return (isExponential ? value.toExponential(0) : value.toLocaleString('en', digits)).replaceAll('-', '−');
}

/**
 * Round numbers inside a range, at most so many, with as many decimals as each other.
 *
 * @param placeOf the row or column of a number
 * @param least how many have to be there, at places of their own: there are more than `most` if need be, and where no
 *   round numbers are near enough, the ends of the range are labelled
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
    const decimals = all > MOST_DECIMALS ? null : all;
    return percent ? `${compact(value * 100, decimals)}%` : compact(value, decimals);
  };
  for (let count = most; count <= most + 3; count++) {
    const rough = (high - low) / count;
    // Rounded up, so that there are no more.
    const power = 10 ** Math.floor(Math.log10(rough));
    const stride = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
    const ticks = new Map(multiples(range, stride).map((tick) => [placeOf(tick), label(tick, stride)]));
    if (ticks.size >= least) return ticks;
  }
  return new Map(range.map((end) => [placeOf(end), label(end, (high - low) / 100)]));
}

/** What a trace has at a place. */
function placeOf({ strokes, points }: Trace, row: number, column: number): 'point' | 'line' | null {
  if (points?.get(column)?.has(row)) return 'point';
  const stroke = strokes[column];
  if (!stroke || row < stroke.top || row > stroke.bottom) return null;
  return points === null ? 'point' : 'line';
}

function traceOf(points: readonly CurvePoint[], frame: Frame): Trace {
  const strokes = strokesOf(points, frame);
  if (APART * points.length > frame.width) return { strokes, points: null };
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
    for (let column = from; column <= to; column++) {
      const share = to === from ? 0 : (column - from) / (to - from);
      const row = Math.round(rowOf(mean) + share * (rowOf(next.mean) - rowOf(mean)));
      const joined: number = before === null || before === row ? row : before + Math.sign(row - before);
      const here = strokes[column] ?? { top: row, bottom: row };
      strokes[column] = { top: Math.min(here.top, row, joined), bottom: Math.max(here.bottom, row, joined) };
      before = row;
    }
  }
  return strokes;
}

function markerOf(slot: number): string {
  return MARKERS[slot % MARKERS.length];
}

/** Which arms hide each other in places, in words; null if none do. */
function overlapNote({ arms }: Curves, overlapping: readonly number[]): string | null {
  if (overlapping.length === 0) return null;
  if (overlapping.length > MOST_NAMED) {
    return `${overlapping.length} of ${arms.length} curves lie on each other in places`;
  }
  const names = overlapping.map((arm) => `${markerOf(arms[arm].slot)} ${arms[arm].name}`);
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)} lie on each other in places`;
}
