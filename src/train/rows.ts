/** @file From sums over steps to rows of the CSVs. */

import type { Config } from '../config.js';
import type { Evaluation } from '../engines/engine.js';
import type { StepMetrics } from '../model/state.js';
import type { Progress } from '../runs/checkpoint.js';
import type { EpochRow, StepRow } from '../runs/metrics.js';

export const addMetrics = (a: StepMetrics, b: StepMetrics): StepMetrics => ({
  count: a.count + b.count,
  loss: a.loss + b.loss,
  accuracy: a.accuracy + b.accuracy,
  gradNorm: a.gradNorm + b.gradNorm,
  gradNormClipped: a.gradNormClipped + b.gradNormClipped,
  clipFraction: a.clipFraction + b.clipFraction,
});

/** Whether training can still go on after these steps. */
export const canGoOn = ({ loss, gradNorm }: StepMetrics): boolean =>
  Number.isFinite(loss) && Number.isFinite(gradNorm);

const means = (sums: StepMetrics) => ({
  loss: sums.loss / sums.count,
  accuracy: sums.accuracy / sums.count,
  grad_norm: sums.gradNorm / sums.count,
  grad_norm_clipped: sums.gradNormClipped / sums.count,
  clip_fraction: sums.clipFraction / sums.count,
});

const epochOf = (step: number, stepsPerEpoch: number): number => Math.ceil(step / stepsPerEpoch);

/** Means over the steps since the previous row. */
export const stepRow = (
  { step, row, elapsedSeconds }: Progress,
  stepsPerEpoch: number,
  lr: number,
): StepRow => ({
  step,
  epoch: epochOf(step, stepsPerEpoch),
  ...means(row),
  lr,
  elapsed_seconds: elapsedSeconds,
});

/** Means over the steps since the previous epoch, and the validation at its end. */
export const epochRow = (
  { step, epoch, epochSeconds, elapsedSeconds }: Progress,
  stepsPerEpoch: number,
  { lr, batch }: Config,
  validation: Evaluation,
): EpochRow => ({
  epoch: epochOf(step, stepsPerEpoch),
  step,
  ...means(epoch),
  val_loss: validation.loss,
  val_accuracy: validation.accuracy,
  lr,
  epoch_seconds: epochSeconds,
  elapsed_seconds: elapsedSeconds,
  examples_per_second: (epoch.count * batch) / epochSeconds,
});
