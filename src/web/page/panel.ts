/** @file One panel of curves, drawn by uPlot: a column of all runs or arms that are shown. */

import { type GridValues, gridOf, onGrid } from '../shared/decimate.js';
import { shortNumber } from '../shared/format.js';
import type { Range, XName } from '../shared/view-state.js';
import { limitBands, yRange } from '../shared/y-range.js';
import { chartOptions, MANY_CURVES, seriesOf } from './chart-options.js';
import { make, setText } from './dom.js';
import { createTooltip, type Tooltip } from './tooltip.js';

/** A curve. */
export interface Curve {
  readonly key: string;
  readonly label: string;
  readonly color: string;
  readonly dash: readonly number[];
  /** Ascending. */
  readonly x: ArrayLike<number>;
  /** One value per x; NaN where there is none. */
  readonly y: ArrayLike<number>;
  /** The band around it, or null. */
  readonly band: { readonly low: ArrayLike<number>; readonly high: ArrayLike<number> } | null;
}

/** How a panel is drawn. */
export interface PanelView {
  readonly x: XName;
  readonly xRange: Range;
  readonly yZoom: Range | null;
  readonly isLog: boolean;
  /** The text in place of curves if there is none. */
  readonly withoutCurves: string;
  /** A remark for the heading, such as the smoothing. */
  readonly remark: string;
  /** The curve to emphasise, or null. */
  readonly emphasis: string | null;
}

/** What the user does in a panel. */
export interface PanelActions {
  readonly onZoom: (column: string, x: Range, y: Range | null) => void;
  readonly onReset: () => void;
  readonly onLog: (column: string) => void;
  readonly onHover: (key: string | null) => void;
}

/** A panel. */
export interface Panel {
  readonly element: HTMLElement;
  readonly draw: (curves: readonly Curve[], view: PanelView) => void;
  /** Emphasises a curve, or none. */
  readonly emphasise: (key: string | null) => void;
  /** Draws again, with new colours or another size. */
  readonly restyle: () => void;
  readonly remove: () => void;
}

/** Columns whose values are from 0 to 1. */
const FRACTION = /accuracy|fraction/;
/** Curves with fewer points in the panel also show their points. */
const FEW_POINTS = 30;
/** Pixels per bucket: with many curves fewer buckets, so that drawing stays fast. */
const BUCKET_PIXELS = 1;
const HEIGHT = 250;
const NARROW_HEIGHT = 210;
/** A panel that is wider than this is the only one in its row, and higher. */
const WIDE = 700;
const LONE_HEIGHT = 380;

/** Creates the panel of a column. */
export function createPanel(column: string, actions: PanelActions): Panel {
  const note = make('span', { class: 'note' });
  const log = make('button', { type: 'button', class: 'small', onclick: () => actions.onLog(column) }, 'log');
  const place = make('div', { class: 'plot', tabindex: 0, role: 'img' });
  const empty = make('p', { class: 'empty' });
  const element = make(
    'section',
    { class: 'panel', 'data-column': column },
    make('header', {}, make('h2', {}, column), note, log),
    place,
    empty,
  );
  let chart: uPlot | null = null;
  let tooltip: Tooltip | null = null;
  let signature = '';
  let emphasised: string | null = null;
  /** The values of curves on a grid; most curves are the same at the next drawing. */
  const kept = new WeakMap<object, { gridKey: string; x: ArrayLike<number>; values: GridValues }>();
  let last: { curves: readonly Curve[]; view: PanelView } | null = null;
  const current = { x: [0, 1] as Range, y: [0, 1] as Range };

  const draw = (curves: readonly Curve[], view: PanelView): void => {
    last = { curves, view };
    const width = Math.max(120, place.clientWidth);
    const isValid = view.isLog ? (value: number): boolean => value > 0 : undefined;
    const perBucket = curves.length > MANY_CURVES ? 2 * BUCKET_PIXELS : BUCKET_PIXELS;
    const grid = gridOf(view.xRange[0], view.xRange[1], Math.ceil(width / perBucket));
    const gridKey = [view.isLog, ...view.xRange, grid.buckets].join();
    const onThisGrid = (x: ArrayLike<number>, y: ArrayLike<number>): GridValues => {
      const before = kept.get(y);
      if (before?.gridKey === gridKey && before.x === x) return before.values;
      const values = onGrid(x, y, grid, isValid);
      kept.set(y, { gridKey, x, values });
      return values;
    };
    const lines = curves.map(({ x, y }) => onThisGrid(x, y));
    const bands = curves.map(({ x, band }) =>
      band ? [onThisGrid(x, band.low), onThisGrid(x, band.high)] : [],
    );
    const drawn = lines.some((line) => line.some((value) => value !== null));
    element.classList.toggle('without-curves', !drawn);
    setText(empty, drawn ? '' : emptyText(curves, view));
    log.setAttribute('aria-pressed', String(view.isLog));
    if (!drawn) {
      setText(note, view.remark);
      destroy();
      return;
    }
    const limited = limitBands(lines, bands.flat(), { isLog: view.isLog, isFraction: FRACTION.test(column) });
    const found = yRange([...lines, ...limited.edges], view.isLog);
    current.x = view.xRange;
    current.y = view.yZoom ?? found?.range ?? [0, 1];
    const cut = view.yZoom === null && found ? cutText(found.above + found.below) : '';
    const bandCut = view.yZoom === null && limited.isCut ? 'bands are cut off at the edge' : '';
    setText(note, [view.remark, cut, bandCut].filter(Boolean).join(' · '));
    place.setAttribute('aria-label', describe(column, curves, view));

    const points = lines.map((line) => line.filter((value) => value !== null).length <= FEW_POINTS);
    const data = [
      [...grid.x],
      ...lines.flatMap((line, index) => [line, ...(bands[index] ?? [])]),
    ] as uPlot.AlignedData;
    const next = JSON.stringify([
      curves.map(({ key, color, dash, band }) => [key, color, dash, band !== null]),
      points,
      view.isLog,
      view.x,
    ]);
    if (chart === null || next !== signature) {
      destroy();
      signature = next;
      const options = chartOptions({
        curves,
        points,
        isLog: view.isLog,
        width,
        height: heightOf(width),
        current,
        onSelect: select,
        onReset: actions.onReset,
        onHover: actions.onHover,
      });
      chart = new uPlot(options, data, place);
      tooltip = createTooltip(chart, place);
    } else {
      if (chart.width !== width) chart.setSize({ width, height: heightOf(width) });
      chart.setData(data, true);
    }
    tooltip?.update(curves, view.x);
    emphasised = null;
    emphasise(view.emphasis);
  };

  const emphasise = (key: string | null): void => {
    if (!chart || key === emphasised) return;
    emphasised = key;
    const { curves } = last ?? { curves: [] };
    const wanted = seriesOf(curves)[curves.findIndex((curve) => curve.key === key)] ?? null;
    chart.setSeries(wanted, { focus: true }, false);
  };

  const destroy = (): void => {
    tooltip?.remove();
    chart?.destroy();
    [chart, tooltip, signature] = [null, null, ''];
  };

  const select = (plot: uPlot): void => {
    const { left, top, width, height } = plot.select;
    if (width < 4 && height < 4) return;
    const from = plot.posToVal(left, 'x');
    const to = plot.posToVal(left + width, 'x');
    const over = plot.over.clientHeight;
    const isWholeHeight = height >= over - 1 || height === 0;
    const isWholeWidth = width >= plot.over.clientWidth - 1 || width === 0;
    const y: Range | null = isWholeHeight
      ? null
      : [plot.posToVal(top + height, 'y'), plot.posToVal(top, 'y')];
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    actions.onZoom(column, isWholeWidth ? current.x : [from, to], y);
  };

  return {
    element,
    draw,
    emphasise,
    restyle: () => {
      if (!last) return;
      destroy();
      draw(last.curves, last.view);
    },
    remove: () => {
      destroy();
      element.remove();
    },
  };
}

/** The height of a panel of a width, in pixels. */
function heightOf(width: number): number {
  if (window.innerWidth < 700) return NARROW_HEIGHT;
  return width > WIDE ? LONE_HEIGHT : HEIGHT;
}

function cutText(curves: number): string {
  if (curves === 0) return '';
  return `${curves === 1 ? '1 curve leaves' : `${curves} curves leave`} the panel`;
}

function emptyText(curves: readonly Curve[], { isLog, xRange, withoutCurves }: PanelView): string {
  if (curves.length === 0) return withoutCurves;
  const values = curves.some(({ y }) => Array.from(y).some(Number.isFinite));
  if (!values) return 'No value yet.';
  return isLog
    ? 'No positive value here.'
    : `No value between ${shortNumber(xRange[0])} and ${shortNumber(xRange[1])}.`;
}

/** What the panel shows, for screen readers. */
function describe(column: string, curves: readonly Curve[], { x }: PanelView): string {
  const lasts = curves.slice(0, 5).map(({ label, y }) => {
    let last = y.length - 1;
    while (last >= 0 && !Number.isFinite(y[last])) last--;
    return `${label}: ${last < 0 ? 'no value' : shortNumber(y[last] ?? 0)}`;
  });
  const more = curves.length > lasts.length ? `, and ${curves.length - lasts.length} more` : '';
  return `${column} over ${x}. Last values: ${lasts.join('; ')}${more}.`;
}
