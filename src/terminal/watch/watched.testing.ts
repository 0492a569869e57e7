/** @file Synthetic watched runs, for tests of the screen. */

import { createThinnedRows } from '../../results/thinned.js';
import type { Watched, WatchedRun } from '../../results/watched.js';
import type { Status } from '../../runs/record.js';
import { defaults, record } from '../../runs/run.testing.js';

/** A run with a row every ten steps, whose loss falls from 2, and an epoch every hundred steps. */
export function watchedRun(
  arm: string,
  seed: number,
  step: number,
  status: Status = step === 1000 ? 'completed' : 'running',
): WatchedRun {
  const id = `wn-s${seed}-${arm.length.toString(16).padStart(8, '0')}`;
  const steps = createThinnedRows(10);
  const row = (at: number) => ({
    step: at,
    epoch: Math.ceil(at / 100),
    loss: 2 / (1 + at / (100 + 10 * seed)),
    accuracy: at / 1000,
    lr: 0.1,
    grad_norm: 1,
    grad_norm_clipped: 1,
    clip_fraction: 0,
    elapsed_seconds: at / 10,
  });
  for (let at = 10; at <= step; at += 10) steps.add(row(at));
  const epochs = Array.from({ length: Math.floor(step / 100) }, (_, epoch) => ({
    ...row(100 * (epoch + 1)),
    val_loss: 0.5,
    val_accuracy: 0.9 + epoch / 200,
    epoch_seconds: 10,
    examples_per_second: 20_000,
  }));
  const stored = status === 'stale' ? 'running' : status;
  const at = `2026-01-02T03:04:0${seed}.${String(arm.length).padStart(3, '0')}Z`;
  return {
    run: {
      directory: `runs/${id}`,
      config: { ...defaults, seed, logEvery: 10 },
      summary: null,
      record: record(id, { status: stored, started_at: at }),
      status,
      damage: [],
    },
    name: `${arm}/${id}`,
    sweep: null,
    arm,
    data: 'MNIST',
    step,
    totalSteps: 1000,
    valAccuracy: epochs.at(-1)?.val_accuracy ?? null,
    testAccuracy: null,
    steps,
    epochs,
    speed: status === 'running' && step > 10 ? 10 : null,
  };
}

/** Two arms with the given number of seeds, one of them half done. */
export function twoArms(seeds: number): Watched {
  const runs = Array.from({ length: seeds }, (_, seed) => [
    watchedRun('base', seed, 1000),
    watchedRun('wn clip=0.5', seed, 500 - 10 * seed),
  ]);
  return watchedOf(runs.flat(), 2);
}

/** All runs at a moment, with arms in the order of the runs. */
export function watchedOf(runs: readonly WatchedRun[], waiting = 0): Watched {
  return { runs, arms: [...new Set(runs.map(({ arm }) => arm))], waiting, damage: [] };
}
