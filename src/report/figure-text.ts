/** @file Curves as lines of text, for a terminal: a panel a column, a marker an arm. */
import { armLabel, bandLabel, type Curve, type CurvePoint, type Curves } from './curves.js';
import { decades, type Panel, panelOf, panelTitle } from './panel.js';

/** How to colour an arm; its marker alone tells it apart already. */
export interface TextStyle {
  readonly color: (slot: number, text: string) => string;
}

/** Each of one column; a terminal in any encoding has them. */
const MARKERS = '*o+x#@%&=~$ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnpqrstuvwyz';
const markerOf = (slot: number): string => MARKERS[slot % MARKERS.length];

/** Narrower than this, there is no room for a curve beside the ticks. */
const NARROWEST = 24;
const LOWEST = 4;

const compact = (value: number): string => {
  if (value === 0) return '0';
  const size = Math.abs(value);
  return size < 1e-4 || size >= 1e6
    ? value.toExponential(0)
    : value.toLocaleString('en', { maximumSignificantDigits: 6 });
};

/** Round numbers inside a range, at most so many: multiples of 1, 2 or 5 times a power of ten. */
const roundTicks = ([low, high]: readonly [number, number], most: number): number[] => {
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const stride = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
  const [first, last] = [Math.ceil(low / stride), Math.floor(high / stride)];
  // Through a decimal, so that three tenths are 0.3.
  return Array.from({ length: last - first + 1 }, (_, index) =>
    Number(((first + index) * stride).toPrecision(12)),
  );
};

/** The rows that a curve fills in a column of characters: one, or more where it is steep. */
interface Stroke {
  readonly top: number;
  readonly bottom: number;
}

/** An arm's curve, a stroke a column, null where it has none; straight between its points. */
const strokesOf = (
  points: readonly CurvePoint[],
  width: number,
  columnOf: (step: number) => number,
  rowOf: (value: number) => number,
): (Stroke | null)[] => {
  const strokes: (Stroke | null)[] = Array.from({ length: width }, () => null);
  let before: number | null = null;
  for (const [index, { step, mean }] of points.entries()) {
    const next = points[index + 1] ?? { step, mean };
    const [from, to] = [columnOf(step), columnOf(next.step)];
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
};

const panelLines = (
  panel: Panel,
  curves: Curves,
  lastStep: number,
  size: { width: number; height: number },
  style: TextStyle,
): string[] => {
  const { log, domain, percent, curve } = panel;
  const { height } = size;
  const from = log ? Math.log : (x: number) => x;
  const [low, high] = domain.map(from);
  const rowOf = (value: number): number => ((high - from(value)) / (high - low)) * (height - 1);
  const label = (value: number): string => (percent ? `${compact(value * 100)}%` : compact(value));
  const ticks = new Map(
    (log ? decades(domain) : roundTicks(domain, Math.max(2, Math.floor(height / 3)))).map((tick) => [
      Math.round(rowOf(tick)),
      label(tick),
    ]),
  );
  const margin = Math.max(6, ...[...ticks.values()].map((text) => text.length));
  const width = size.width - margin - 2;
  const columnOf = (step: number): number => Math.round((step / Math.max(lastStep, 1)) * (width - 1));

  const series = curves.arms.map(({ name }) =>
    strokesOf(
      curve.points.filter(({ arm }) => arm === name),
      width,
      columnOf,
      rowOf,
    ),
  );
  const cell = (row: number, column: number): string => {
    const here = series.flatMap((strokes, arm) => {
      const stroke = strokes[column];
      return stroke && stroke.top <= row && row <= stroke.bottom ? [arm] : [];
    });
    if (here.length === 0) return ' ';
    const { slot } = curves.arms[here[column % here.length]]; // curves that lie on each other take turns
    return style.color(slot, markerOf(slot));
  };
  const body = Array.from({ length: height }, (_, row) => {
    const cells = Array.from({ length: width }, (_, column) => cell(row, column)).join('');
    return `${(ticks.get(row) ?? '').padStart(margin)} ${ticks.has(row) ? '┤' : '│'}${cells}`.trimEnd();
  });

  const axis = Array.from({ length: width }, () => '─');
  let names = '';
  for (const tick of roundTicks([0, Math.max(lastStep, 1)], Math.max(1, Math.floor(width / 10)))) {
    const at = columnOf(tick);
    axis[at] = '┴';
    const start = at - Math.floor(compact(tick).length / 2) + margin + 2;
    // A name that would touch its neighbour or leave the page is left out.
    if (start > names.length && start + compact(tick).length <= size.width)
      names = names.padEnd(start) + compact(tick);
  }
  return [
    `${' '.repeat(margin + 2)}${panelTitle(panel)}`,
    ...body,
    `${' '.repeat(margin)} └${axis.join('')}`,
    names,
  ];
};

/** Text shows the means alone, so that they have all the room. */
const withoutBand = (curve: Curve): Curve => ({
  ...curve,
  points: curve.points.map((point) => ({ ...point, low: null, high: null })),
});

/**
 * The curves' means as text, a panel under the other, and what each marker stands for.
 *
 * @param size of a panel, in characters; made larger if nothing would fit
 * @param style colours
 */
export const figureText = (
  curves: Curves,
  size: { width: number; height: number } = { width: 80, height: 15 },
  style: TextStyle = { color: (_, text) => text },
): string => {
  const room = { width: Math.max(size.width, NARROWEST), height: Math.max(size.height, LOWEST) };
  const panels = curves.columns.map((curve) => panelOf(withoutBand(curve))).filter((panel) => panel !== null);
  const lastStep = panels
    .flatMap(({ curve }) => curve.points.map(({ step }) => step))
    .reduce((last, step) => Math.max(last, step), 0);
  const legend = curves.arms.map(({ slot }, arm) =>
    style.color(slot, `${markerOf(slot)} ${armLabel(curves, arm)}`),
  );
  const average = bandLabel(curves) === null ? [] : ['mean over seeds, by step'];
  return [
    ...panels.map((panel) => panelLines(panel, curves, lastStep, room, style).join('\n')),
    [...average, ...legend].join('\n'),
  ].join('\n\n');
};
