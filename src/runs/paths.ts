/** @file The names of the files in a run's folder. */

import { join } from 'node:path';

/** Paths of a run's files and folders. */
export interface RunPaths {
  /** The resolved config. */
  readonly config: string;
  /** The run's record: its status, versions, device and data. */
  readonly record: string;
  /** One row per logged step. */
  readonly steps: string;
  /** One row per epoch. */
  readonly epochs: string;
  readonly summary: string;
  /** The folder of checkpoints. */
  readonly checkpoints: string;
  /** Exists while a process owns the run. */
  readonly lock: string;
  /** Messages of a run that a sweep started. */
  readonly log: string;
}

/** The paths of the files in a run's folder, whether they exist or not. */
export function runPaths(directory: string): RunPaths {
  return {
    config: join(directory, 'config.json'),
    record: join(directory, 'run.json'),
    steps: join(directory, 'steps.csv'),
    epochs: join(directory, 'metrics.csv'),
    summary: join(directory, 'summary.json'),
    checkpoints: join(directory, 'checkpoints'),
    lock: join(directory, 'lock'),
    log: join(directory, 'log.txt'),
  };
}
