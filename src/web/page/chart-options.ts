/** @file How uPlot draws a panel: its lines, bands and axes, and what the pointer does. */

import { shortNumber, wholeNumber } from '../shared/format.js';
import type { Range } from '../shared/view-state.js';
import type { Curve } from './panel.js';
import { cssColor } from './theme.js';

/** What the options depend on. */
export interface ChartInput {
  readonly curves: readonly Curve[];
  /** Whether each curve shows its points. */
  readonly points: readonly boolean[];
  readonly isLog: boolean;
  readonly width: number;
  readonly height: number;
  /** The ranges of the axes at the moment of drawing. */
  readonly current: { readonly x: Range; readonly y: Range };
  readonly onSelect: (plot: uPlot) => void;
  readonly onReset: () => void;
  readonly onHover: (key: string | null) => void;
}

/** With more curves, lines are thinner, and buckets wider. */
export const MANY_CURVES = 40;
/** With more curves, dashes only make them harder to read. */
export const SEVERAL_CURVES = 12;
/** The distance in pixels within which a curve is emphasised. */
const NEAR = 30;
/** The pixels that a selection must have in both directions to zoom in both. */
const BOX = 24;
const FONT = '12px system-ui, sans-serif';
/** The opacity of bands, as the end of a colour. */
const BAND_OPACITY = '2b';
/** The lower or upper edge of a band, which is not drawn itself. */
const EDGE: uPlot.Series = { stroke: 'transparent', width: 0, spanGaps: true, points: { show: false } };

/** The options of a chart. Its data has a series for each curve, and after it two for the edges of its band. */
export function chartOptions(input: ChartInput): uPlot.Options {
  const { curves, points, isLog, width, height, current } = input;
  const starts = seriesOf(curves);
  const series = curves.flatMap((curve, index) => [
    lineOf(curve, curves.length, points[index] ?? false),
    ...(curve.band ? [EDGE, EDGE] : []),
  ]);
  const reset = (): null => {
    input.onReset();
    return null;
  };
  return {
    width,
    height,
    padding: [8, 20, 0, 0],
    legend: { show: false },
    focus: { alpha: 0.18 },
    cursor: {
      sync: { key: 'wnlstm', setSeries: false, scales: ['x', null], filters: { pub: isMove, sub: isMove } },
      focus: { prox: NEAR },
      drag: { x: true, y: true, uni: BOX, setScale: false },
      points: { size: 6 },
      bind: { dblclick: () => () => reset() },
    },
    scales: {
      x: { time: false, range: () => [...current.x] },
      y: { distr: isLog ? 3 : 1, range: () => [...current.y] },
    },
    axes: [
      axis({ size: 30, values: (_, splits) => splits.map(axisNumber) }),
      axis({
        size: (_, values) =>
          Math.max(44, 14 + 7 * Math.max(0, ...(values ?? []).map((text) => text?.length ?? 0))),
        values: (_, splits) => splits.map(axisNumber),
      }),
    ],
    series: [{}, ...series],
    bands: curves.flatMap(({ band, color }, index) => {
      const at = starts[index] ?? 0;
      return band ? [{ series: [at + 2, at + 1] as [number, number], fill: `${color}${BAND_OPACITY}` }] : [];
    }),
    hooks: {
      setSelect: [input.onSelect],
      setSeries: [
        (_, index) => input.onHover(index === null ? null : (curves[starts.indexOf(index)]?.key ?? null)),
      ],
    },
  };
}

/** The number of the series of each curve. */
export function seriesOf(curves: readonly Pick<Curve, 'band'>[]): number[] {
  let next = 1; // 0 is the x axis
  return curves.map(({ band }) => {
    const at = next;
    next += band ? 3 : 1;
    return at;
  });
}

function lineOf({ color, dash }: Curve, count: number, showPoints: boolean): uPlot.Series {
  const isSolid = dash[1] === 0 || count > SEVERAL_CURVES;
  return {
    stroke: color,
    width: count > MANY_CURVES ? 1 : count > SEVERAL_CURVES ? 1.25 : 1.75,
    spanGaps: true,
    ...(isSolid ? {} : { dash: [...dash] }),
    points: showPoints ? { show: true, size: 5, fill: color, width: 0, filter: realPoints } : { show: false },
  };
}

/** The panels share the position of the pointer, but not what is selected in one of them. */
function isMove(type: string): boolean {
  return type === 'mousemove' || type === 'mouseleave';
}

/** The indices of points on the grid; its first and last values are where lines cross the edges. */
function realPoints(plot: uPlot, series: number): number[] {
  const values = plot.data[series] ?? [];
  return Array.from(values.keys()).filter((at) => values[at] !== null && at > 0 && at < values.length - 1);
}

function axis(more: uPlot.Axis): uPlot.Axis {
  const [text, grid] = [cssColor('faint'), cssColor('grid')];
  return {
    stroke: text,
    font: FONT,
    grid: { stroke: grid, width: 1 },
    ticks: { show: false },
    border: { show: false },
    gap: 6,
    ...more,
  };
}

/** A number of an axis; logarithmic axes leave some out. */
function axisNumber(value: number | null): string {
  if (value === null) return '';
  if (Math.abs(value) >= 1000 && Math.abs(value) < 1e6 && Number.isInteger(value)) return wholeNumber(value);
  return shortNumber(Number(value.toPrecision(12)));
}
