/** @file The values of the curves at the pointer, nearest to it first. */

import { nearestIndex } from '../shared/decimate.js';
import { shortNumber, wholeNumber } from '../shared/format.js';
import type { XName } from '../shared/view-state.js';
import { make } from './dom.js';
import type { Curve } from './panel.js';

/** The most curves that are listed. */
const MOST = 8;
const DISTANCE = 16;
/** The part of the x axis by which a curve may miss the pointer. */
const BEYOND = 0.02;

/** The box at the pointer. */
export interface Tooltip {
  readonly update: (curves: readonly Curve[], x: XName) => void;
  readonly remove: () => void;
}

/** Adds a box to a chart. */
export function createTooltip(chart: uPlot, place: HTMLElement): Tooltip {
  const box = make('div', { class: 'tooltip', hidden: true });
  place.append(box);
  let curves: readonly Curve[] = [];
  let axis: XName = 'step';
  let inside = false;

  const show = (): void => {
    const { left = -1, top = -1 } = chart.cursor;
    if (!inside || left < 0 || top < 0) {
      box.hidden = true;
      return;
    }
    const at = chart.posToVal(left, 'x');
    const { min = 0, max = 1 } = chart.scales.x ?? {};
    const found = valuesAt(curves, at, BEYOND * ((max ?? 1) - (min ?? 0)), (value) =>
      Math.abs(chart.valToPos(value, 'y') - top),
    );
    box.hidden = found.length === 0;
    if (box.hidden) return;
    const x = found[0]?.x ?? at;
    box.replaceChildren(
      make('strong', {}, `${axis} ${axis === 'step' ? wholeNumber(x) : shortNumber(x)}`),
      ...found.slice(0, MOST).map(({ curve, y, low, high }) => {
        const swatch = make('i', {});
        swatch.style.background = curve.color;
        const band = low === null || high === null ? '' : ` [${shortNumber(low)}, ${shortNumber(high)}]`;
        return make(
          'div',
          {},
          swatch,
          make('span', {}, curve.label),
          make('b', {}, `${shortNumber(y)}${band}`),
        );
      }),
      ...(found.length > MOST ? [make('small', {}, `and ${found.length - MOST} more`)] : []),
    );
    const room = chart.over.clientWidth;
    const offset = chart.over.offsetLeft;
    const isRight = left > room / 2;
    const x0 = isRight ? left - box.offsetWidth - DISTANCE : left + DISTANCE;
    box.style.left = `${offset + Math.max(-offset, Math.min(x0, room - box.offsetWidth))}px`;
    box.style.top = `${chart.over.offsetTop + 4}px`;
  };

  const enter = (): void => {
    inside = true;
  };
  const leave = (): void => {
    inside = false;
    box.hidden = true;
  };
  chart.over.addEventListener('mouseenter', enter);
  chart.over.addEventListener('mouseleave', leave);
  chart.hooks.setCursor = [...(chart.hooks.setCursor ?? []), show];

  return {
    update: (next, x) => {
      [curves, axis] = [next, x];
      show();
    },
    remove: () => box.remove(),
  };
}

interface Found {
  readonly curve: Curve;
  readonly x: number;
  readonly y: number;
  readonly low: number | null;
  readonly high: number | null;
}

/**
 * The point of each curve that is nearest to a position, the curve nearest to the pointer first.
 *
 * @param beyond how far a curve may end before the position, or begin after it
 */
function valuesAt(
  curves: readonly Curve[],
  at: number,
  beyond: number,
  distance: (value: number) => number,
): Found[] {
  return curves
    .flatMap((curve): (Found & { distance: number })[] => {
      const index = nearestIndex(curve.x, at);
      const y = curve.y[index];
      const x = curve.x[index];
      if (y === undefined || x === undefined || !Number.isFinite(y)) return [];
      if (at > Number(curve.x[curve.x.length - 1]) + beyond || at < Number(curve.x[0]) - beyond) return [];
      const [low = Number.NaN, high = Number.NaN] = [curve.band?.low[index], curve.band?.high[index]];
      const hasBand = Number.isFinite(low) && Number.isFinite(high);
      return [{ curve, x, y, low: hasBand ? low : null, high: hasBand ? high : null, distance: distance(y) }];
    })
    .sort((a, b) => a.distance - b.distance);
}
