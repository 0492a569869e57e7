/** @file The training loop: steps, rows, epochs and checkpoints. It neither reads nor writes files. */

import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import type { Config } from '../config.js';
import { batches } from '../data/batches.js';
import type { Dataset } from '../data/mnist.js';
import type { Engine } from '../engines/engine.js';
import { NO_METRICS, type StepMetrics } from '../model/state.js';
import type { Checkpoint } from '../runs/checkpoint.js';
import type { Progress } from '../runs/progress.js';
import type { LoopEvent } from './events.js';
import { addMetrics, epochRow, hasFiniteValues, stepRow } from './rows.js';

/** The length of a run in steps. */
export interface Schedule {
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
}

/** The progress of a run that has not started. */
export const START: Progress = {
  step: 0,
  row: NO_METRICS,
  epoch: NO_METRICS,
  best: null,
  diverged: false,
  elapsedSeconds: 0,
  stepSeconds: 0,
  epochSeconds: 0,
};

const CHECKPOINT_SECONDS = 60;
const PROGRESS_MS = 200;

/**
 * Trains from the state of `engine` and the progress `start` until the schedule ends, the loss diverges, or the signal aborts.
 *
 * @param signal when aborted, the current step is finished, then a checkpoint and the end event follow
 * @param now returns the time in milliseconds
 */
export async function* train(
  engine: Engine,
  dataset: Dataset,
  config: Config,
  start: Progress,
  signal: AbortSignal,
  now: () => number = () => performance.now(),
): AsyncGenerator<LoopEvent, void> {
  const { lr, batch, logEvery, seed } = config;
  const { stepsPerEpoch, totalSteps } = scheduleOf(config, dataset.train.count);
  const batchAt = batches(seed, dataset.train.count, batch);
  const runStartedAt = now() - start.elapsedSeconds * 1000;
  let progress = start;
  let lastCheckpointAt = now();
  let lastProgressAt = lastCheckpointAt;
  const update = (change: Partial<Progress>): Progress => {
    progress = { ...progress, ...change, elapsedSeconds: (now() - runStartedAt) / 1000 };
    return progress;
  };
  const checkpoint = (): { kind: 'checkpoint'; checkpoint: Checkpoint } => {
    lastCheckpointAt = now();
    return { kind: 'checkpoint', checkpoint: { progress: update({}), state: engine.save() } };
  };

  for (let step = start.step + 1; step <= totalSteps && !progress.diverged; step++) {
    await yieldToEventLoop(); // costs 2 µs; signals and the lock's heartbeat are handled here
    if (signal.aborted) {
      yield checkpoint();
      yield { kind: 'end', outcome: 'interrupted', progress };
      return;
    }
    const isEpochEnd = step % stepsPerEpoch === 0 || step === totalSteps;
    const isLogStep = step % logEvery === 0 || step === totalSteps;

    const stepStartedAt = now();
    engine.step(batchAt(step), lr);
    let sums: StepMetrics = NO_METRICS;
    if (isLogStep || isEpochEnd) sums = await engine.drainMetrics(); // waits for the device, so it is called rarely
    const seconds = (now() - stepStartedAt) / 1000;
    update({
      step,
      row: addMetrics(progress.row, sums),
      epoch: addMetrics(progress.epoch, sums),
      stepSeconds: progress.stepSeconds + seconds,
      epochSeconds: progress.epochSeconds + seconds,
    });

    let diverged = !hasFiniteValues(sums); // no sums, no divergence: it shows when they are drained
    if (isLogStep || diverged) {
      yield { kind: 'step', row: stepRow(progress, stepsPerEpoch, lr) };
      // The last step closes its row early. A run that extends this one continues the sums of that row.
      if (step % logEvery === 0) update({ row: NO_METRICS });
    }
    if (isEpochEnd && !diverged) {
      const validation = await engine.evaluate(dataset.validation);
      const row = epochRow(progress, stepsPerEpoch, config, validation);
      diverged = !Number.isFinite(validation.loss);
      const isBest = !diverged && validation.accuracy > (progress.best?.valAccuracy ?? -1);
      const best = {
        epoch: row.epoch ?? 0,
        step,
        valLoss: validation.loss,
        valAccuracy: validation.accuracy,
      };
      update({ epoch: NO_METRICS, epochSeconds: 0, best: isBest ? best : progress.best });
      yield { kind: 'epoch', row };
    }
    update({ diverged });
    if (stepStartedAt - lastProgressAt > PROGRESS_MS) {
      lastProgressAt = stepStartedAt;
      yield { kind: 'progress', step };
    }
    if (diverged || isEpochEnd || now() - lastCheckpointAt > CHECKPOINT_SECONDS * 1000) yield checkpoint();
  }
  yield { kind: 'end', outcome: progress.diverged ? 'diverged' : 'completed', progress };
}

/** The length of a run: `steps` if it is set, else `epochs` times floor(training examples / batch). */
export function scheduleOf({ batch, steps, epochs }: Config, trainCount: number): Schedule {
  const stepsPerEpoch = Math.floor(trainCount / batch);
  return { stepsPerEpoch, totalSteps: steps ?? epochs * stepsPerEpoch };
}
