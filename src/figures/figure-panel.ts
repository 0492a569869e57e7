/** @file One panel of a figure of curves as a Vega-Lite view: its data, axes and marks. */

import { tickStep } from 'd3-array';
import {
  hasMarkers,
  isNamed,
  type Json,
  layersOf,
  MARK_ROOM,
  numberText,
  type PanelSettings,
} from './figure-marks.js';
import { TITLE_Y } from './figure-style.js';
import { decades, type Panel, TICKS, type Zoom } from './panel.js';
import { decimalsOf } from './ticks.js';
import { axisTitle, positionsTitle } from './x-axis.js';

/** The height of a line of a panel's title, in pixels. */
export const TITLE_LINE = 14;
/** The radius of a point in pixels; a clipped panel needs this much room at its edges. */
const POINT = 6;

/** The size of a panel, in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A panel of a figure, for all arms or for only one. */
export interface PanelView {
  readonly panel: Panel;
  /** The label of the only arm; null for all arms. */
  readonly only: string | null;
  readonly titleLines: readonly string[];
}

/**
 * A panel as a Vega-Lite view.
 *
 * @param index of the panel in the figure
 */
export function panelSpec(
  { panel, only, titleLines }: PanelView,
  settings: PanelSettings,
  size: Size,
  index: number,
): Json {
  const { curve, log, shown, percent, zoom } = panel;
  const domain =
    settings.movable && hasMarkers({ columns: [curve] })
      ? padded(shown, size.height, [POINT, POINT], log)
      : shown;
  // By default, the first line is at the position of a single line, and the others would overlap the panel.
  const more = titleLines.length - 1;
  const lifted = more === 0 ? {} : { titleY: TITLE_Y - more * TITLE_LINE };
  const y: Json = {
    field: 'mean',
    type: 'quantitative',
    title: titleLines.length === 1 ? titleLines[0] : titleLines,
    ...(log
      ? {
          scale: { type: 'log', domain, nice: false },
          axis: { ...lifted, values: decades(shown), labelExpr: numberText('datum.value', ',~g') },
        }
      : {
          scale: { domain, zero: false, nice: false },
          axis: { ...lifted, tickCount: TICKS, ...(percent ? { format: '%' } : {}) },
        }),
  };
  // The lower end of an interval may be below zero, which has no logarithm.
  const lowShown = `datum.low === null ? null : max(datum.low, ${domain[0]})`;
  return {
    ...size,
    transform: [
      { filter: `datum.column === '${curve.column}'` },
      ...(only === null ? [] : [{ filter: { field: 'arm', equal: only } }]),
      ...(zoom ? [{ filter: inZoom(zoom, settings) }] : []),
      ...(log ? [{ calculate: lowShown, as: 'lowShown' }] : []),
    ],
    encoding: { x: xOf(panel, settings, size), y },
    layer: layersOf(panel, settings, size, index),
  };
}

/** A domain extended by a number of pixels at each end, so that a clipped panel shows its points completely. */
function padded(
  [low, high]: readonly [number, number],
  pixels: number,
  [before, after]: readonly [number, number],
  log = false,
): [number, number] {
  const [from, to] = log ? [Math.log(low), Math.log(high)] : [low, high];
  const pixel = (to - from) / (pixels - before - after);
  const ends: [number, number] = [from - before * pixel, to + after * pixel];
  return log ? [Math.exp(ends[0]), Math.exp(ends[1])] : ends;
}

/** A Vega expression that selects the points of a zoomed panel. */
function inZoom({ from }: Zoom, { labelOf }: PanelSettings): string {
  const steps = Object.fromEntries([...from].map(([arm, step]) => [labelOf(arm), step]));
  return `datum.step >= ${JSON.stringify(steps)}[datum.arm]`; // false for other arms, which have no step
}

/** The x axis of a panel: quantitative, or nominal for arms side by side. */
function xOf(panel: Panel, settings: PanelSettings, { width }: Size): Json {
  const { positions, zoom } = panel;
  if (positions && !settings.facet) {
    const labels = shownIn(panel).map(settings.labelOf);
    return {
      field: 'arm',
      type: 'nominal',
      sort: null,
      title: positionsTitle(settings.axis, positions),
      scale: { type: 'point', padding: 0.5, domain: labels },
      axis: {
        ticks: false,
        labelAngle: 0,
        ...(isNamed(panel, width)
          ? { labelExpr: `${JSON.stringify(settings.names)}[datum.label]` }
          : { labels: false, titlePadding: 6 + MARK_ROOM }),
      },
    };
  }
  const domain = [zoom?.firstX ?? 0, settings.lastX] as const;
  const decimals = decimalsOf(tickStep(...domain, TICKS));
  return {
    field: settings.axis,
    type: 'quantitative',
    title: axisTitle(settings.axis),
    scale: { domain: settings.movable ? padded(domain, width, [0, POINT]) : domain, nice: false },
    // The same number of decimals for all labels; whole numbers get decimals when a reader zooms.
    axis: { tickCount: TICKS, format: decimals === 0 ? ',~r' : `,.${decimals}f` },
  };
}

function shownIn({ curve }: Panel): string[] {
  return [...new Set(curve.points.map(({ arm }) => arm))];
}
