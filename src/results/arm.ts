/** @file What the reports are made of: the runs of one configuration, one a seed, as they were read from disk. */

import type { Config } from '../config.js';
import type { EpochRow, StepRow } from '../runs/metrics.js';
import type { Summary } from '../runs/record.js';

/** The rows of a run, finished or not. */
export interface RunRows {
  readonly seed: number;
  /** Of metrics.csv. */
  readonly epochs: readonly EpochRow[];
  /** Of steps.csv. */
  readonly steps: readonly StepRow[];
}

/** A run with a result. */
export interface ArmRun extends RunRows {
  readonly id: string;
  /** A run that diverged has a result too. */
  readonly status: Summary['status'];
  readonly summary: Summary;
  /** Accuracy of the last weights on test data; of a run that diverged, that of guessing. */
  readonly testAccuracy: number;
}

/** One configuration and its runs, in the order of their seeds; no seed occurs twice. */
export interface Arm<Run extends RunRows = ArmRun> {
  readonly name: string;
  /** What its runs share; the seed is that of the first. */
  readonly config: Config;
  readonly runs: readonly Run[];
}
