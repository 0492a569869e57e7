/** @file The summary of a run that has ended. In training, only this file evaluates test data. */

import type { Config } from '../config.js';
import { isAtChance } from '../data/chance.js';
import type { Dataset } from '../data/mnist.js';
import type { Engine, Evaluation } from '../engines/engine.js';
import { UserError } from '../errors.js';
import type { TrainingState } from '../model/state.js';
import { hashWeights, readCheckpoint } from '../runs/checkpoint.js';
import type { EpochRow } from '../runs/metrics.js';
import { runPaths } from '../runs/paths.js';
import type { Progress } from '../runs/progress.js';
import type { RunRecord, Summary } from '../runs/record.js';

/** A run that has ended. */
export interface Ended {
  readonly engine: Engine;
  readonly dataset: Dataset;
  readonly config: Config;
  readonly directory: string;
  readonly record: RunRecord;
  readonly progress: Progress;
  readonly outcome: Summary['status'];
  /** The last row of metrics.csv. */
  readonly lastRow: EpochRow | undefined;
}

/**
 * Evaluates the last weights, and the best by validation accuracy, once on test data.
 * Loads the best weights into the engine, which must not train afterwards.
 */
export async function summarise({
  engine,
  dataset,
  config,
  directory,
  record,
  progress,
  outcome,
  lastRow,
}: Ended): Promise<Summary> {
  const { best, step } = progress;
  const last: Evaluation | null = outcome === 'completed' ? await engine.evaluate(dataset.test) : null;
  const weights = last && hashWeights(engine.save());
  let bestTest: Evaluation | null = last;
  if (best && (best.step !== step || !last)) {
    const state = readState(runPaths(directory).checkpoints, best.step, record.run_id);
    if (state) engine.load(state);
    bestTest = state && (await engine.evaluate(dataset.test));
  }
  return {
    run_id: record.run_id,
    dir: directory,
    status: outcome,
    backend: record.backend,
    device: record.device,
    model: config.model,
    seed: config.seed,
    steps: step,
    epochs: lastRow?.epoch ?? 0,
    loss: finite(lastRow?.loss),
    accuracy: finite(lastRow?.accuracy),
    val_loss: finite(lastRow?.val_loss),
    val_accuracy: finite(lastRow?.val_accuracy),
    test_loss: finite(last?.loss),
    test_accuracy: finite(last?.accuracy),
    best_epoch: best?.epoch ?? null,
    best_val_accuracy: best?.valAccuracy ?? null,
    best_test_loss: finite(bestTest?.loss),
    best_test_accuracy: finite(bestTest?.accuracy),
    at_chance:
      !(lastRow?.val_accuracy != null && outcome === 'completed') ||
      isAtChance(lastRow.val_accuracy, dataset.validation),
    weights_sha256: weights,
    seconds: progress.elapsedSeconds,
    ms_per_step: (progress.stepSeconds / step) * 1000,
  };
}

/** The state of a checkpoint, or null if it is damaged. The run then ends without this result, and `verify` names the damage. */
function readState(checkpoints: string, step: number, runId: string): TrainingState | null {
  try {
    return readCheckpoint(checkpoints, step, runId).state;
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

/** Null in place of NaN and infinity, which JSON cannot express. */
function finite(value: number | null | undefined): number | null {
  return Number.isFinite(value) ? (value as number) : null;
}
