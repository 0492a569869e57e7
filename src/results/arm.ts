/** @file Arms: the runs of one configuration, one per seed, as read from disk. */

import type { Config } from '../config.js';
import type { EpochRow, StepRow } from '../runs/metrics.js';
import type { Summary } from '../runs/record.js';

/** The rows of a run, finished or not. */
export interface RunRows {
  readonly seed: number;
  /** The rows of metrics.csv. */
  readonly epochs: readonly EpochRow[];
  /** The rows of steps.csv. */
  readonly steps: readonly StepRow[];
}

/** A run with a result: it completed or diverged. */
export interface ArmRun extends RunRows {
  readonly id: string;
  readonly status: Summary['status'];
  readonly summary: Summary;
  /** Test accuracy of the last weights; the chance level if the run diverged. */
  readonly testAccuracy: number;
}

/** One configuration and its runs, sorted by seed, each seed at most once. */
export interface Arm<Run extends RunRows = ArmRun> {
  readonly name: string;
  /** The config that its runs share; its seed is that of the first run. */
  readonly config: Config;
  readonly runs: readonly Run[];
}
