/** @file Estimates how long runs take on this machine, by timing a few real steps of each kind of model. */

import type { ResolvedConfig } from '../config.js';
import { batches } from '../data/batches.js';
import type { Dataset } from '../data/mnist.js';
import { chooseToContinue } from '../engines/select.js';
import { openEngine } from '../train/engine.js';
import { scheduleOf } from '../train/trainer.js';
import type { PlannedRun } from './plan.js';

const WARM_UP_STEPS = 5;
const TIMED_MS = 300;
/** The time to start a process, read the data and write the files. */
const START_SECONDS = 0.6;

interface Cost {
  readonly secondsPerStep: number;
  /** Seconds to evaluate the validation split. */
  readonly secondsPerEvaluation: number;
}

/**
 * Estimates the seconds until all runs are finished.
 *
 * @param slots the number of runs at the same time
 * @param threads the number of threads of each run
 */
export async function estimateSeconds(
  runs: readonly PlannedRun[],
  dataset: Dataset,
  slots: number,
  threads: number,
): Promise<number> {
  const seconds = await estimateEach(runs, dataset, threads);
  return seconds.reduce((sum, each) => sum + each, 0) / Math.min(slots, Math.max(runs.length, 1));
}

/** Estimates the seconds of each run on its own. */
export async function estimateEach(
  runs: readonly PlannedRun[],
  dataset: Dataset,
  threads: number,
): Promise<number[]> {
  const costs = new Map<string, Cost>();
  const seconds: number[] = [];
  for (const { config } of runs) {
    const kind = kindOf(config);
    const cost = costs.get(kind) ?? (await measure({ ...config, threads }, dataset));
    costs.set(kind, cost);
    const { totalSteps, stepsPerEpoch } = scheduleOf(config, dataset.train.count);
    const evaluations =
      Math.ceil(totalSteps / stepsPerEpoch) + (2 * dataset.test.count) / dataset.validation.count;
    seconds.push(START_SECONDS + totalSteps * cost.secondsPerStep + evaluations * cost.secondsPerEvaluation);
  }
  return seconds;
}

/** The values that the time of a step depends on. */
function kindOf({ backend, device, model, units, batch }: ResolvedConfig): string {
  return [backend, device, model, units, batch].join(' ');
}

async function measure(config: ResolvedConfig, dataset: Dataset): Promise<Cost> {
  const engine = await openEngine(config, dataset, await chooseToContinue(config));
  try {
    const batchAt = batches(config.seed, dataset.train.count, config.batch);
    let step = 0;
    const nextStep = (): void => engine.step(batchAt(++step), config.lr);
    while (step < WARM_UP_STEPS) nextStep();
    await engine.drainMetrics(); // waits for the device
    const started = performance.now();
    while (performance.now() - started < TIMED_MS) {
      nextStep();
      if (step % config.logEvery === 0) await engine.drainMetrics(); // as in training
    }
    await engine.drainMetrics();
    const between = performance.now();
    await engine.evaluate(dataset.validation);
    return {
      secondsPerStep: (between - started) / 1000 / (step - WARM_UP_STEPS),
      secondsPerEvaluation: (performance.now() - between) / 1000,
    };
  } finally {
    engine.dispose();
  }
}
