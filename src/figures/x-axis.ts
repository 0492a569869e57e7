/** @file What curves run over: training steps, epochs, or seconds. */

import type { Binned } from '../compare/bins.js';
import { mean } from '../compare/stats.js';
import { MNIST_TRAIN } from '../data/mnist.js';
import type { Arm, RunRows } from '../results/arm.js';

/** Steps, passes of `floor(training examples / batch)` steps, or seconds since a run began. */
export type XAxis = 'step' | 'epoch' | 'seconds';
export const xAxes = ['step', 'epoch', 'seconds'] as const satisfies readonly XAxis[];

/** More places than this are not listed. */
const MOST_PLACES = 3;

/** What stands at the axis. */
export function axisTitle(axis: XAxis): string {
  return axis === 'seconds' ? 'elapsed time (s)' : axis;
}

/**
 * What stands at the axis where arms stand side by side: after how many steps, or where else, their points are.
 *
 * @param places ascending
 */
export function placesTitle(axis: XAxis, places: readonly number[]): string {
  const texts = places.map((place) => place.toLocaleString('en', { maximumSignificantDigits: 6 }));
  const [last] = texts.slice(-1);
  const listed = texts.length > 1 ? `${texts.slice(0, -1).join(', ')} or ${last}` : last;
  const where = texts.length > MOST_PLACES ? `${texts[0]} to ${last}` : listed;
  return axis === 'seconds' ? `after ${where} s` : `after ${axis} ${where}`;
}

/**
 * Where the steps of an arm lie on an axis.
 *
 * @param series by run, what it has at each step
 * @param steps ascending
 * @returns by step; steps that have no place are not there
 */
export function positions(
  axis: XAxis,
  arm: Arm<RunRows>,
  series: readonly ReadonlyMap<number, Binned>[],
  steps: readonly number[],
): Map<number, number> {
  switch (axis) {
    case 'step':
      return new Map(steps.map((step) => [step, step]));
    case 'epoch': {
      const length = stepsPerEpoch(arm);
      return new Map(length === null ? [] : steps.map((step) => [step, step / length]));
    }
    case 'seconds':
      return meanSeconds(series, steps);
    default:
      return axis satisfies never;
  }
}

/**
 * The mean time of an arm's runs at common steps. Where some runs end, it goes on from there with the pace of the others:
 * a mean of the times of those that are left could fall.
 *
 * @param series by run, what it has at each step
 * @param steps ascending
 */
function meanSeconds(
  series: readonly ReadonlyMap<number, Binned>[],
  steps: readonly number[],
): Map<number, number> {
  const at = new Map<number, number>();
  const before = series.map(() => ({ x: 0, seconds: 0 }));
  for (const step of steps) {
    const here = series.flatMap((bins, run) => {
      const seconds = bins.get(step)?.seconds ?? null;
      return seconds === null ? [] : [{ run, seconds }];
    });
    if (here.length === 0) continue;
    const x = mean(here.map(({ run, seconds }) => before[run].x + (seconds - before[run].seconds)));
    for (const { run, seconds } of here) before[run] = { x, seconds };
    at.set(step, x);
  }
  return at;
}

/**
 * Steps of an epoch of an arm.
 *
 * @returns null where no run shows it: on data of one's own, before the first whole epoch
 */
export function stepsPerEpoch({ config, runs }: Arm<RunRows>): number | null {
  for (const { epochs } of runs) {
    const [first] = epochs;
    // The last of `steps` ends an epoch too, a whole one or not.
    if (first?.epoch === 1 && first.step !== null && first.step !== config.steps) return first.step;
  }
  return config.data === null ? Math.floor(MNIST_TRAIN / config.batch) : null;
}
