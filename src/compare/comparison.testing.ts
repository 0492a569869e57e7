/** @file Arms made up for tests of comparisons, and the recorded SciPy values. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultConfig } from '../config.js';
import { packageRoot } from '../package.js';
import type { Arm, ArmRun } from '../results/arm.js';
import type { StepRow } from '../runs/metrics.js';
import type { Interval } from './stats.js';

/** What SciPy and statsmodels say; written by scripts/fixtures/stats.py. */
export interface StatsFixture {
  readonly quantiles: readonly { readonly probability: number; readonly df: number; readonly t: number }[];
  readonly cases: readonly {
    readonly differences: readonly number[];
    readonly sd: number;
    readonly interval90: Interval;
    readonly interval95: Interval;
    readonly p: number;
  }[];
  /** The chance that a t interval lies within `[low, high]`; an end that is null is infinite. */
  readonly chances: readonly {
    readonly mean: number;
    readonly sd: number;
    readonly count: number;
    readonly confidence: number;
    readonly low: number | null;
    readonly high: number | null;
    readonly chance: number;
  }[];
  /** Simulated shares of sign-flip tests with p < alpha. */
  readonly sign_flips: readonly {
    readonly mean: number;
    readonly sd: number;
    readonly count: number;
    readonly alpha: number;
    readonly share: number;
  }[];
  /** How many pairs give a verdict a chance of 80 %, and the share of simulated samples of that many that it has. */
  readonly plans: readonly {
    readonly n: number;
    readonly mean: number;
    readonly sd: number;
    readonly margin: number;
    readonly family: number;
    readonly verdict: 'equivalent' | 'different';
    readonly count: number;
    readonly share: number;
  }[];
  readonly holm: readonly { readonly p: readonly number[]; readonly adjusted: readonly number[] }[];
}

export function readStatsFixture(): StatsFixture {
  return JSON.parse(
    readFileSync(join(packageRoot, 'src/compare/stats.fixture.json'), 'utf8'),
  ) as StatsFixture;
}

/** A row of steps.csv. */
export function stepRow(step: number, accuracy: number | null): StepRow {
  return {
    step,
    epoch: 1,
    loss: 1,
    accuracy,
    lr: 0.1,
    grad_norm: 1,
    grad_norm_clipped: 1,
    clip_fraction: 0,
    elapsed_seconds: step / 100,
  };
}

function madeUpRun(name: string, seed: number, testAccuracy: number): ArmRun {
  return {
    id: `${name}-s${seed}`,
    seed,
    status: 'completed',
    testAccuracy,
    summary: {
      run_id: `${name}-s${seed}`,
      dir: `runs/${name}-s${seed}`,
      status: 'completed',
      backend: 'native',
      device: 'native avx2, 2 threads',
      model: 'wn',
      seed,
      steps: 859,
      epochs: 1,
      loss: 0.1,
      accuracy: 0.95,
      val_loss: 0.125,
      val_accuracy: testAccuracy,
      test_loss: 0.1,
      test_accuracy: testAccuracy,
      best_epoch: 1,
      best_val_accuracy: testAccuracy,
      best_test_loss: 0.1,
      best_test_accuracy: testAccuracy,
      weights_sha256: '0'.repeat(64),
      seconds: 2.5,
      ms_per_step: 3,
    },
    epochs: [],
    steps: [stepRow(100, 0.5), stepRow(200, 0.92), stepRow(300, 0.96)],
  };
}

/**
 * An arm of completed runs.
 *
 * @param accuracies on test data, by seed from 0; null leaves a seed out
 * @param change is laid over each run
 */
export function madeUpArm(
  name: string,
  accuracies: readonly (number | null)[],
  change: (run: ArmRun) => Partial<ArmRun> = () => ({}),
): Arm {
  return {
    name,
    config: defaultConfig(),
    runs: accuracies.flatMap((accuracy, seed) => {
      if (accuracy === null) return [];
      const run = madeUpRun(name, seed, accuracy);
      return [{ ...run, ...change(run) }];
    }),
  };
}
