/** @file The x axis of curves: training steps, epochs or seconds. */

import type { Binned } from '../compare/bins.js';
import { mean } from '../compare/stats.js';
import { MNIST_TRAIN } from '../data/mnist.js';
import type { Arm, RunRows } from '../results/arm.js';

/** Training steps, epochs of `floor(training examples / batch)` steps, or seconds since the start of a run. */
export type XAxis = 'step' | 'epoch' | 'seconds';
export const xAxes = ['step', 'epoch', 'seconds'] as const satisfies readonly XAxis[];

/** The largest number of positions that a title lists. */
const MOST_LISTED = 3;

/** The title of the axis. */
export function axisTitle(axis: XAxis): string {
  return axis === 'seconds' ? 'elapsed time (s)' : axis;
}

/**
 * The title of the axis where arms are side by side: the positions of their points, such as "after step 25 or 30".
 *
 * @param positions ascending
 */
export function positionsTitle(axis: XAxis, positions: readonly number[]): string {
  const texts = positions.map((x) => x.toLocaleString('en', { maximumSignificantDigits: 6 }));
  const last = texts.at(-1) ?? '';
  const listed = texts.length > 1 ? `${texts.slice(0, -1).join(', ')} or ${last}` : last;
  const where = texts.length > MOST_LISTED ? `${texts[0]} to ${last}` : listed;
  return axis === 'seconds' ? `after ${where} s` : `after ${axis} ${where}`;
}

/**
 * The positions of an arm's steps on an axis.
 *
 * @param series the values of each run by step
 * @param steps ascending
 * @returns positions by step, without steps that have none
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
 * The mean time of an arm's runs at common steps. Where some runs end, the mean continues with the increments of the other
 * runs; a mean over the remaining times could decrease.
 *
 * @param series the values of each run by step
 * @param steps ascending
 */
function meanSeconds(
  series: readonly ReadonlyMap<number, Binned>[],
  steps: readonly number[],
): Map<number, number> {
  const positionOf = new Map<number, number>();
  const runs = series.map((bins) => ({ bins, x: 0, seconds: 0 }));
  for (const step of steps) {
    const here = runs.flatMap((run) => {
      const seconds = run.bins.get(step)?.seconds ?? null;
      return seconds === null ? [] : [{ run, seconds }];
    });
    if (here.length === 0) continue;
    const x = mean(here.map(({ run, seconds }) => run.x + (seconds - run.seconds)));
    for (const { run, seconds } of here) Object.assign(run, { x, seconds });
    positionOf.set(step, x);
  }
  return positionOf;
}

/**
 * The number of steps per epoch of an arm.
 *
 * @returns null if it is unknown: for user data before the first complete epoch
 */
export function stepsPerEpoch({ config, runs }: Arm<RunRows>): number | null {
  for (const { epochs } of runs) {
    const [first] = epochs;
    // The last step of `steps` ends an epoch too, which may be incomplete.
    if (first?.epoch === 1 && first.step !== null && first.step !== config.steps) return first.step;
  }
  return config.data === null ? Math.floor(MNIST_TRAIN / config.batch) : null;
}
