/** @file For `auto` on a machine with a GPU: whether the GPU or the CPU is faster for a run. Both compute the same bytes. */

import type { Config } from '../config.js';
import type { Dataset } from '../data/mnist.js';
import { type Choice, chooseBackend, withChoice } from '../engines/select.js';
import { UserError } from '../errors.js';
import { openEngine } from './engine.js';
import { timeSteps } from './time-steps.js';

/** Returns the seconds of a training step on a backend. */
export type TimeOn = (config: Config, dataset: Dataset, choice: Choice) => Promise<number>;

/**
 * Chooses between the GPU and the CPU by timing steps on both, which takes about a second. Only if the config leaves backend
 * and device open and the GPU was chosen is there something to compare.
 *
 * @param choice the backend that was chosen without timing
 * @returns that choice, or the one of the CPU with the same arithmetic
 */
export async function chooseFaster(
  config: Config,
  dataset: Dataset,
  choice: Choice,
  timeOn: TimeOn = timeEngine,
): Promise<Choice> {
  if (config.backend !== 'auto' || config.device !== 'auto' || choice.backend !== 'cuda') return choice;
  const cpu = await chooseBackend({ backend: 'auto', device: 'cpu' });
  if (cpu.arithmetic !== choice.arithmetic) return choice;
  let onGpu: number;
  try {
    onGpu = await timeOn(config, dataset, choice);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { ...cpu, why: `the GPU cannot train it: ${error.message.replace(/\.$/, '')}` };
  }
  const onCpu = await timeOn(config, dataset, cpu);
  const why = `a step takes ${milliseconds(onGpu)} on the GPU and ${milliseconds(onCpu)} on the CPU`;
  return { ...(onGpu <= onCpu ? choice : cpu), why };
}

async function timeEngine(config: Config, dataset: Dataset, choice: Choice): Promise<number> {
  const engine = await openEngine(withChoice(config, choice), dataset, choice);
  try {
    return await timeSteps(engine, config, dataset);
  } finally {
    engine.dispose();
  }
}

function milliseconds(seconds: number): string {
  return `${(1000 * seconds).toPrecision(2)} ms`;
}
