/** @file How figures look: what tells arms apart, and the settings of axes, titles and the legend. */

import type { Verdict } from '../compare/verdict.js';
import { fontFamily } from './font.js';
import { MARKER_COUNT, markerOf } from './markers.js';

/**
 * Okabe and Ito's colours, which readers with any colour vision tell apart, without their yellow, too pale for a line on
 * white; most different first.
 *
 * @see https://jfly.uni-koeln.de/color/
 */
const COLORS = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9', '#000000'];
/** As many dashes as colours, a prime number, so that shifting one against the other gives 49 pairs. */
const DASHES = [
  [1, 0],
  [7, 2.5],
  [2, 2],
  [7, 2.5, 2, 2.5],
  [12, 3],
  [4, 2],
  [12, 2.5, 2, 2.5, 2, 2.5],
];

/** What a curve is drawn with. */
export interface Stroke {
  readonly color: string;
  readonly dash: readonly number[];
  /** The path of its points. */
  readonly marker: string;
}

/** What is written and drawn without a colour of its own. */
export const INK = '#333333';
/** What is said besides. */
export const FAINT = '#666666';
const GRID = '#E6E6E6';

/** Colours of verdicts, of the same palette: what is not decided or claims nothing has none. */
export const verdictColors: Readonly<Record<Verdict['kind'], string>> = {
  better: '#009E73',
  worse: '#D55E00',
  equivalent: '#0072B2',
  undecided: INK,
  exploratory: '#8C8C8C',
};

/** Pixels from the top of a panel to its title. */
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
  // The title lies over the panel, where it reads without turning the head.
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
 * Colour, dash and marker of the nth slot. Within the first 49, two slots have at most one of the three in common; within
 * seven none, and within 14 no marker. Every seven slots the colours begin again, with dashes and markers shifted by
 * numbers of their own, and solid markers after hollow ones.
 */
export function strokeOf(slot: number): Stroke {
  const count = COLORS.length;
  const round = Math.floor(slot / count);
  const marker = ((slot + 3 * round) % count) + (round % 2) * (MARKER_COUNT / 2);
  return {
    color: COLORS[slot % count],
    dash: DASHES[(slot + 2 * round) % count],
    marker: markerOf(marker),
  };
}

/** Labels, the long ones with their middle left out, unless two would then be the same. */
export function shorten(labels: readonly string[], longest: number): readonly string[] {
  const half = longest / 2;
  const short = labels.map((label) =>
    label.length > longest ? `${label.slice(0, half)}…${label.slice(-half)}` : label,
  );
  return new Set(short).size === new Set(labels).size ? short : labels;
}
