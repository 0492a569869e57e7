/** @file Estimates how long runs take on this machine, by timing a few real steps of each kind of model. */

import type { ResolvedConfig } from '../config.js';
import type { Dataset } from '../data/mnist.js';
import type { Engine } from '../engines/engine.js';
import { chooseBackend, chooseToContinue, type Requested } from '../engines/select.js';
import { openEngine } from '../train/engine.js';
import { timeSteps } from '../train/time-steps.js';
import { scheduleOf } from '../train/trainer.js';
import type { Means } from './executor.js';
import { onCpu } from './local.js';
import { GPU } from './machine.js';
import type { PlannedRun } from './plan.js';
import type { Shape } from './shape.js';

/** The time to start a process, read the data and write the files. */
const START_SECONDS = 0.6;

interface Cost {
  readonly secondsPerStep: number;
  /** Seconds to evaluate the validation split. */
  readonly secondsPerEvaluation: number;
}

/**
 * Estimates the seconds until this machine has finished all runs. Processes and lanes share the work by their speed.
 *
 * @param shape how the machine computes them
 * @param on what computes the lanes
 */
export async function estimateSeconds(
  runs: readonly PlannedRun[],
  dataset: Dataset,
  { jobs, threads, lanes, laneGpus, places }: Shape,
  on: Requested = GPU,
): Promise<number> {
  const costOf = createMeter(dataset);
  const slots = lanes * laneGpus.length;
  let seconds = 0;
  for (const run of runs) {
    const where = places.get(run.arm) ?? { processes: true, lanes: false };
    let rate = 0;
    if (where.processes && jobs > 0)
      rate += jobs / (await costOf(run, { threads, on: onCpu(run), lanes: 1 }));
    if (where.lanes && slots > 0) rate += slots / (await costOf(run, { threads: 1, on, lanes }));
    seconds += 1 / rate;
  }
  return seconds * Math.max(1, (jobs + slots) / Math.max(runs.length, 1));
}

/** Estimates the seconds of each run on its own, with the backend of its config. */
export async function estimateEach(
  runs: readonly PlannedRun[],
  dataset: Dataset,
  threads: number,
): Promise<number[]> {
  const costOf = createMeter(dataset);
  const seconds: number[] = [];
  for (const run of runs) seconds.push(await costOf(run, { threads, on: null, lanes: 1 }));
  return seconds;
}

/** How runs are timed: by one of `lanes` engines that compute at the same time in this process. */
interface Timing extends Means {
  readonly lanes: number;
}

/** Returns a function that estimates the seconds of a run. It times each kind of model once. */
function createMeter(dataset: Dataset): (run: PlannedRun, timing: Timing) => Promise<number> {
  const costs = new Map<string, Cost>();
  return async ({ config }, timing) => {
    const kind = `${kindOf(config)} ${timing.lanes} ${JSON.stringify(timing.on)}`;
    const cost = costs.get(kind) ?? (await measure({ ...config, threads: timing.threads }, dataset, timing));
    costs.set(kind, cost);
    const { totalSteps, stepsPerEpoch } = scheduleOf(config, dataset.train.count);
    const evaluations =
      Math.ceil(totalSteps / stepsPerEpoch) + (2 * dataset.test.count) / dataset.validation.count;
    return START_SECONDS + totalSteps * cost.secondsPerStep + evaluations * cost.secondsPerEvaluation;
  };
}

/** The values that the time of a step depends on. */
function kindOf({ backend, device, model, units, batch }: ResolvedConfig): string {
  return [backend, device, model, units, batch].join(' ');
}

async function measure(config: ResolvedConfig, dataset: Dataset, { on, lanes }: Timing): Promise<Cost> {
  const choice = on ? await chooseBackend(on) : await chooseToContinue(config);
  const engines: Engine[] = [];
  try {
    while (engines.length < lanes) engines.push(await openEngine(config, dataset, choice, lanes));
    const costs = await Promise.all(engines.map((engine) => timeEngine(engine, config, dataset)));
    const mean = (key: keyof Cost): number => costs.reduce((sum, cost) => sum + cost[key], 0) / costs.length;
    return { secondsPerStep: mean('secondsPerStep'), secondsPerEvaluation: mean('secondsPerEvaluation') };
  } finally {
    for (const engine of engines) engine.dispose();
  }
}

/** Times steps and an evaluation. */
async function timeEngine(engine: Engine, config: ResolvedConfig, dataset: Dataset): Promise<Cost> {
  const secondsPerStep = await timeSteps(engine, config, dataset);
  const started = performance.now();
  await engine.evaluate(dataset.validation);
  return { secondsPerStep, secondsPerEvaluation: (performance.now() - started) / 1000 };
}
