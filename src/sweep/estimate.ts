/** @file How long runs will take here, from a few real steps of each kind of model. */

import type { Config } from '../config.js';
import { batches } from '../data/batches.js';
import type { Dataset } from '../data/mnist.js';
import { chooseBackend, continuable } from '../engines/select.js';
import { openEngine } from '../train/run.js';
import { scheduleOf } from '../train/trainer.js';
import type { PlannedRun } from './plan.js';

const WARM_STEPS = 5;
const TIMED_MS = 300;
/** A process, its data and its files. */
const START_SECONDS = 0.6;

interface Cost {
  readonly secondsPerStep: number;
  /** Of the validation split. */
  readonly secondsPerEvaluation: number;
}

/**
 * Seconds until all runs are done.
 *
 * @param slots runs at a time
 * @param threads of each
 */
export async function estimateSeconds(
  runs: readonly PlannedRun[],
  dataset: Dataset,
  slots: number,
  threads: number,
): Promise<number> {
  const costs = new Map<string, Cost>();
  let seconds = 0;
  for (const { config } of runs) {
    const kind = kindOf(config);
    const cost = costs.get(kind) ?? (await measure({ ...config, threads }, dataset));
    costs.set(kind, cost);
    const { totalSteps, stepsPerEpoch } = scheduleOf(config, dataset.train.count);
    const evaluations =
      Math.ceil(totalSteps / stepsPerEpoch) + (2 * dataset.test.count) / dataset.validation.count;
    seconds += START_SECONDS + totalSteps * cost.secondsPerStep + evaluations * cost.secondsPerEvaluation;
  }
  return seconds / Math.min(slots, Math.max(runs.length, 1));
}

/** What the time of a step depends on. */
function kindOf({ backend, device, model, units, batch }: Config): string {
  return [backend, device, model, units, batch].join(' ');
}

async function measure(config: Config, dataset: Dataset): Promise<Cost> {
  const engine = await openEngine(config, dataset, await chooseBackend(await continuable(config)));
  try {
    const batchAt = batches(config.seed, dataset.train.count, config.batch);
    let step = 0;
    const take = (): void => engine.step(batchAt(++step), config.lr);
    while (step < WARM_STEPS) take();
    engine.drainMetrics(); // waits for the device
    const started = performance.now();
    while (performance.now() - started < TIMED_MS) take();
    engine.drainMetrics();
    const between = performance.now();
    engine.evaluate(dataset.validation);
    return {
      secondsPerStep: (between - started) / 1000 / (step - WARM_STEPS),
      secondsPerEvaluation: (performance.now() - between) / 1000,
    };
  } finally {
    engine.dispose();
  }
}
