/** @file The events that training reports, in order. */

import type { ResolvedConfig } from '../config.js';
import type { Dataset } from '../data/mnist.js';
import type { Choice } from '../engines/select.js';
import type { Checkpoint } from '../runs/checkpoint.js';
import type { EpochRow, StepRow } from '../runs/metrics.js';
import type { Progress } from '../runs/progress.js';
import type { Schedule } from './trainer.js';

/** What is known before the first step. */
export interface Opening extends Schedule {
  readonly directory: string;
  readonly config: ResolvedConfig;
  readonly choice: Choice;
  readonly device: string;
  readonly dataset: Dataset;
  /** The step of the checkpoint that training resumes from; 0 without one. */
  readonly resumedFrom: number;
  /** Whether an earlier process started this run. */
  readonly startedBefore: boolean;
  /** Sentences for the user, such as warnings about the data. */
  readonly notes: readonly string[];
}

/** An event of the training loop. */
export type LoopEvent =
  /** A row for steps.csv. */
  | { readonly kind: 'step'; readonly row: StepRow }
  /** A row for metrics.csv. */
  | { readonly kind: 'epoch'; readonly row: EpochRow }
  /** A state to write before any later event. */
  | { readonly kind: 'checkpoint'; readonly checkpoint: Checkpoint }
  /** The number of completed steps, a few times per second. */
  | { readonly kind: 'progress'; readonly step: number }
  /** The end of training; always the last event. */
  | {
      readonly kind: 'end';
      readonly outcome: 'completed' | 'interrupted' | 'diverged';
      readonly progress: Progress;
    };

/** An event of a run. `open` comes before those of the loop; `wait` only before it, if another process may own the run. */
export type TrainingEvent =
  | { readonly kind: 'wait'; readonly reason: string }
  | { readonly kind: 'open'; readonly opening: Opening }
  | LoopEvent;

/** Receives the events of a run. */
export type OnEvent = (event: TrainingEvent) => void;
