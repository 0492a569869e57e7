/** @file What the reports are made of: the runs of one configuration, one a seed, as they were read from disk. */
import type { Config } from '../config.js';
import type { EpochRow, StepRow } from '../runs/metrics.js';
import type { Summary } from '../runs/run.js';

/** A run with a result. */
export interface ArmRun {
  readonly id: string;
  readonly seed: number;
  /** A run that diverged has a result too. */
  readonly status: Summary['status'];
  readonly summary: Summary;
  /** Accuracy of the last weights on test data; of a run that diverged, that of guessing. */
  readonly testAccuracy: number;
  /** Of metrics.csv. */
  readonly epochs: readonly EpochRow[];
  /** Of steps.csv. */
  readonly steps: readonly StepRow[];
}

/** One configuration and its runs, in the order of their seeds; no seed occurs twice. */
export interface Arm {
  readonly name: string;
  /** What its runs share; the seed is that of the first. */
  readonly config: Config;
  readonly runs: readonly ArmRun[];
}
