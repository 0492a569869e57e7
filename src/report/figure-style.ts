/** @file How figures look: what tells arms apart, and the settings of axes, titles and the legend. */
import { fontFamily } from './font.js';

/**
 * Okabe and Ito's colours, which readers with any colour vision tell apart, without their yellow, too pale for a line on
 * white; most different first.
 *
 * @see https://jfly.uni-koeln.de/color/
 */
const COLORS = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9', '#000000'];
/** As many dashes as colours, so that shifting one against the other gives 49 pairs. */
const DASHES = [
  [1, 0],
  [7, 2.5],
  [2, 2],
  [7, 2.5, 2, 2.5],
  [12, 3],
  [4, 2],
  [12, 2.5, 2, 2.5, 2, 2.5],
];

/** Colour and dash of the nth arm: within the first 49 none has both of another, within seven neither. */
export const strokeOf = (arm: number): { color: string; dash: readonly number[] } => ({
  color: COLORS[arm % COLORS.length],
  dash: DASHES[(arm + Math.floor(arm / COLORS.length)) % DASHES.length],
});

const INK = '#333333';
const GRID = '#E6E6E6';

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
    titleY: -10,
  },
  axisX: { grid: false, labelFlush: false },
  title: {
    anchor: 'start',
    color: INK,
    fontWeight: 'normal',
    subtitleColor: '#666666',
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
    titleColor: '#666666',
    labelColor: INK,
    labelLimit: 0,
    titleLimit: 0,
    titlePadding: 10,
    rowPadding: 5,
    columnPadding: 24,
    offset: 20,
  },
};

/** Lines of 30 pixels that make the rows of a legend no higher: to Vega they are symbols of 10 by 10. */
export const LEGEND_LINE = { symbolType: 'M-1,0L5,0', symbolSize: 100, labelOffset: 26 };
