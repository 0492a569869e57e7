/** @file Synthetic arms for tests of curves and figures: every column is derived from the losses. */

import { type Config, defaultConfig } from '../config.js';
import type { Arm, RunRows } from '../results/arm.js';
import { type Curves, curvesOf } from './curves.js';

/** Steps between rows. */
export const ROW = 10;
/** Rows per epoch. */
const EPOCH = 3;

function rowsOf(losses: readonly (number | null)[], seed: number): RunRows {
  const steps = losses.map((loss, index) => ({
    step: ROW * (index + 1),
    epoch: 1 + Math.floor(index / EPOCH),
    loss,
    accuracy: loss === null ? null : 1 / (1 + Math.abs(loss)),
    lr: 0.1,
    grad_norm: loss === null ? null : loss / 2,
    grad_norm_clipped: loss === null ? null : loss / 4,
    clip_fraction: 0.5,
    elapsed_seconds: index / 8,
  }));
  const epochs = steps
    .filter((_, index) => (index + 1) % EPOCH === 0)
    .map((row) => ({
      ...row,
      loss: 99,
      val_loss: row.loss,
      val_accuracy: row.accuracy,
      epoch_seconds: 2.5,
      examples_per_second: 20_000,
    }));
  return { seed, steps, epochs };
}

/**
 * An arm with a row every ten steps and an epoch every three rows.
 *
 * @param losses one list per seed, one loss per row
 */
export function lossArm(
  name: string,
  losses: readonly (readonly (number | null)[])[],
  config: Partial<Config> = {},
): Arm<RunRows> {
  return {
    name,
    config: { ...defaultConfig(), logEvery: ROW, ...config },
    runs: losses.map(rowsOf),
  };
}

/** Losses that decrease from 2, slightly different for each seed. */
export function falling(rows: number, seed: number): number[] {
  return Array.from({ length: rows }, (_, row) => 2 / (1 + row / 2) + ((row * 7 + seed * 3) % 5) / 50);
}

/** The curves of the golden figure: an arm with three seeds and an arm with one seed. */
export function goldenCurves(): Curves {
  return curvesOf(
    [lossArm('base', [falling(9, 0), falling(9, 1), falling(9, 2)]), lossArm('wn & clip', [falling(9, 4)])],
    ['loss', 'val_accuracy'],
    'ci',
  );
}
