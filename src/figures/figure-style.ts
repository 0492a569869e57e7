/** @file The style of figures: colours, dashes and markers of arms, and the settings of axes, titles and legend. */

import type { Verdict } from '../compare/verdict.js';
import { fontFamily } from './font.js';
import { type CurveDash, cyclic, MARKER_COUNT, markerPath } from './markers.js';

/**
 * Okabe and Ito's palette for readers with any colour vision, most different first, without yellow, which is too pale for
 * a line on white.
 *
 * @see https://jfly.uni-koeln.de/color/
 */
const COLORS = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9', '#000000'] as const;
/** As many dashes as colours. Seven is prime, so shifting dashes against colours gives 49 pairs. */
const DASHES: readonly [CurveDash, ...CurveDash[]] = [
  [1, 0],
  [7, 2.5],
  [2, 2],
  [7, 2.5, 2, 2.5],
  [12, 3],
  [4, 2],
  [12, 2.5, 2, 2.5, 2, 2.5],
];

/** The style of an arm's curve. */
export interface CurveStyle {
  readonly color: string;
  readonly dash: CurveDash;
  /** The path that draws a point. */
  readonly marker: string;
}

/** The colour of text. */
export const INK = '#333333';
/** The colour of secondary text. */
export const FAINT = '#666666';
const GRID = '#E6E6E6';

/** The colours of verdicts, from the same palette; undecided and exploratory ones are grey. */
export const verdictColors: Readonly<Record<Verdict['kind'], string>> = {
  better: '#009E73',
  worse: '#D55E00',
  equivalent: '#0072B2',
  undecided: INK,
  exploratory: '#8C8C8C',
};

/** The position of a panel's title, in pixels from the top of the panel. */
export const TITLE_Y = -10;

/** Vega-Lite's `config`. */
export const figureConfig = {
  font: fontFamily,
  view: { stroke: null },
  axis: {
    labelFontSize: 10.5,
    titleFontSize: 11,
    titleFontWeight: 'normal',
    labelColor: INK,
    titleColor: INK,
    titlePadding: 6,
    labelPadding: 5,
    labelLimit: 0,
    titleLimit: 0,
    gridColor: GRID,
    tickColor: '#999999',
    domainColor: '#999999',
    tickSize: 4,
  },
  // The title is horizontal, above the panel.
  axisY: {
    domain: false,
    ticks: false,
    titleAngle: 0,
    titleAlign: 'left',
    titleBaseline: 'bottom',
    titleFontSize: 12,
    titleX: 0,
    titleY: TITLE_Y,
  },
  axisX: { grid: false, labelFlush: false },
  title: {
    anchor: 'start',
    color: INK,
    fontWeight: 'normal',
    subtitleColor: FAINT,
    subtitleFontSize: 11,
    subtitlePadding: 5,
    fontSize: 15,
    frame: 'group',
    offset: 18,
    limit: 0,
  },
  legend: {
    labelFontSize: 11,
    titleFontSize: 11,
    titleFontWeight: 'normal',
    titleColor: FAINT,
    labelColor: INK,
    labelLimit: 0,
    titleLimit: 0,
    titlePadding: 10,
    rowPadding: 5,
    columnPadding: 24,
    offset: 20,
  },
};

/**
 * The colour, dash and marker of the nth arm. Of the first 49 arms, two have at most one of the three in common; of the
 * first 14, no two have the same marker; of the first seven, no two have anything in common. Every seven arms the colours
 * repeat, with dashes and markers shifted by different numbers, and with solid instead of hollow markers.
 */
export function curveStyle(index: number): CurveStyle {
  const count = COLORS.length;
  const round = Math.floor(index / count);
  const marker = ((index + 3 * round) % count) + (round % 2) * (MARKER_COUNT / 2);
  return {
    color: cyclic(COLORS, index),
    dash: cyclic(DASHES, index + 2 * round),
    marker: markerPath(marker),
  };
}

/** Labels by their full text, long ones without their middle, unless two would become equal. */
export function shorten(labels: readonly string[], longest: number): ReadonlyMap<string, string> {
  const half = longest / 2;
  const short = new Map(
    labels.map((label) => [
      label,
      label.length > longest ? `${label.slice(0, half)}…${label.slice(-half)}` : label,
    ]),
  );
  return new Set(short.values()).size === short.size ? short : new Map(labels.map((label) => [label, label]));
}
