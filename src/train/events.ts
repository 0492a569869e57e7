/** @file What a training run reports while it goes, in order. */

import type { Checkpoint } from '../runs/checkpoint.js';
import type { EpochRow, StepRow } from '../runs/metrics.js';

export type TrainingEvent =
  /** A row for steps.csv. */
  | { readonly kind: 'step'; readonly row: StepRow }
  /** A row for metrics.csv. */
  | { readonly kind: 'epoch'; readonly row: EpochRow }
  /** A state to write down before anything later is. */
  | { readonly kind: 'checkpoint'; readonly checkpoint: Checkpoint }
  /** How far it is, now and then, also where rows and epochs are long. */
  | { readonly kind: 'progress'; readonly step: number }
  /** How it ended; always the last event. */
  | {
      readonly kind: 'end';
      readonly outcome: 'completed' | 'interrupted' | 'diverged';
      readonly progress: Progress;
    };

type Progress = Checkpoint['progress'];
