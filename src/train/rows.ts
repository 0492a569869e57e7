/** @file Turns sums over steps into rows of the CSV files. */

import type { Config } from '../config.js';
import type { Evaluation } from '../engines/engine.js';
import type { StepMetrics } from '../model/state.js';
import type { EpochRow, StepRow } from '../runs/metrics.js';
import type { Progress } from '../runs/progress.js';

export function addMetrics(a: StepMetrics, b: StepMetrics): StepMetrics {
  return {
    count: a.count + b.count,
    loss: a.loss + b.loss,
    accuracy: a.accuracy + b.accuracy,
    gradNorm: a.gradNorm + b.gradNorm,
    gradNormClipped: a.gradNormClipped + b.gradNormClipped,
    clipFraction: a.clipFraction + b.clipFraction,
  };
}

/** Whether loss and gradients are finite; if not, the run has diverged. */
export function hasFiniteValues({ loss, gradNorm }: StepMetrics): boolean {
  return Number.isFinite(loss) && Number.isFinite(gradNorm);
}

/** A row of steps.csv: means over the steps since the previous row. */
export function stepRow({ step, row, elapsedSeconds }: Progress, stepsPerEpoch: number, lr: number): StepRow {
  return {
    step,
    epoch: epochOf(step, stepsPerEpoch),
    ...means(row),
    lr,
    elapsed_seconds: elapsedSeconds,
  };
}

function epochOf(step: number, stepsPerEpoch: number): number {
  return Math.ceil(step / stepsPerEpoch);
}

function means(sums: StepMetrics) {
  return {
    loss: sums.loss / sums.count,
    accuracy: sums.accuracy / sums.count,
    grad_norm: sums.gradNorm / sums.count,
    grad_norm_clipped: sums.gradNormClipped / sums.count,
    clip_fraction: sums.clipFraction / sums.count,
  };
}

/** A row of metrics.csv: means over the steps of the epoch, and the validation at its end. */
export function epochRow(
  { step, epoch, epochSeconds, elapsedSeconds }: Progress,
  stepsPerEpoch: number,
  { lr, batch }: Config,
  validation: Evaluation,
): EpochRow {
  return {
    epoch: epochOf(step, stepsPerEpoch),
    step,
    ...means(epoch),
    val_loss: validation.loss,
    val_accuracy: validation.accuracy,
    lr,
    epoch_seconds: epochSeconds,
    elapsed_seconds: elapsedSeconds,
    examples_per_second: (epoch.count * batch) / epochSeconds,
  };
}
