/** @file Synthetic arms for tests of comparisons, and the values recorded from SciPy. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultConfig } from '../config.js';
import { packageRoot } from '../package.js';
import type { Arm, ArmRun } from '../results/arm.js';
import type { StepRow } from '../runs/metrics.js';
import { DEFAULT_MARGIN } from '../sweep/grid.js';
import { type CompareInput, type Comparison, compare, type PairedComparison } from './compare.js';
import type { Interval } from './stats.js';

/** Values of SciPy and statsmodels; scripts/fixtures/stats.py writes them. */
export interface StatsFixture {
  readonly quantiles: readonly { readonly probability: number; readonly df: number; readonly t: number }[];
  readonly cases: readonly {
    readonly differences: readonly number[];
    readonly sd: number;
    readonly interval90: Interval;
    readonly interval95: Interval;
    readonly p: number;
  }[];
  /** The probability that a t interval is within `[low, high]`, where null is infinite. */
  readonly chances: readonly {
    readonly mean: number;
    readonly sd: number;
    readonly count: number;
    readonly confidence: number;
    readonly low: number | null;
    readonly high: number | null;
    readonly chance: number;
  }[];
  /** Simulated fractions of sign-flip tests with p < alpha. */
  readonly sign_flips: readonly {
    readonly mean: number;
    readonly sd: number;
    readonly count: number;
    readonly alpha: number;
    readonly power: number;
  }[];
  /** The number of pairs for a power of 80 %, and the simulated power with this number. */
  readonly plans: readonly {
    readonly n: number;
    readonly mean: number;
    readonly sd: number;
    readonly margin: number;
    readonly family: number;
    readonly verdict: 'equivalent' | 'different';
    readonly count: number;
    readonly power: number;
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

function syntheticRun(name: string, seed: number, testAccuracy: number): ArmRun {
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
 * @param accuracies test accuracies of the seeds from 0; null for a seed without a run
 * @param change overrides properties of each run
 */
export function syntheticArm(
  name: string,
  accuracies: readonly (number | null)[],
  change: (run: ArmRun) => Partial<ArmRun> = () => ({}),
): Arm {
  return {
    name,
    config: defaultConfig(),
    runs: accuracies.flatMap((accuracy, seed) => {
      if (accuracy === null) return [];
      const run = syntheticRun(name, seed, accuracy);
      return [{ ...run, ...change(run) }];
    }),
  };
}

/** Compares declared pairs. */
export function compareDeclared(
  arms: readonly Arm[],
  comparisons: CompareInput['comparisons'],
  margin = DEFAULT_MARGIN,
): Comparison {
  return compare({ arms, comparisons, exploratory: [], margin, notes: [] });
}

/** A comparison of b at 0.9 with a, which differs by these values; the other members of its family have no result. */
export function compareDifferences(
  differences: readonly number[],
  family = 1,
  margin = DEFAULT_MARGIN,
): PairedComparison {
  const others = Array.from({ length: family - 1 }, (_, index) => syntheticArm(`other${index}`, [0.5]));
  const arms = [
    syntheticArm(
      'a',
      differences.map((value) => 0.9 + value),
    ),
    syntheticArm(
      'b',
      differences.map(() => 0.9),
    ),
  ];
  const pairs = others.map(({ name }): [string, string] => ['a', name]);
  const [first] = compareDeclared([...arms, ...others], [['a', 'b'], ...pairs], margin).comparisons;
  assert.ok(first);
  return first;
}

/** Positive differences of eight seeds. */
export const above = [0.02, 0.03, 0.025, 0.01, 0.04, 0.02, 0.03, 0.02];
