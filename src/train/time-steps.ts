/** @file Times training steps on this machine, with the real data. */

import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import type { Config } from '../config.js';
import { batches } from '../data/batches.js';
import type { Dataset } from '../data/mnist.js';
import type { Engine } from '../engines/engine.js';

const WARM_UP_STEPS = 5;
const TIMED_MS = 300;

/**
 * Times steps of an engine in the same way as training calls them. The engine is of no use for a run afterwards.
 *
 * @returns the seconds of a step
 */
export async function timeSteps(engine: Engine, config: Config, dataset: Dataset): Promise<number> {
  const batchAt = batches(config.seed, dataset.train.count, config.batch);
  let step = 0;
  const nextStep = async (): Promise<void> => {
    await yieldToEventLoop();
    engine.step(batchAt(++step), config.lr);
    if (step % config.logEvery === 0) await engine.drainMetrics();
  };
  while (step < WARM_UP_STEPS) await nextStep();
  await engine.drainMetrics(); // waits for the device
  const started = performance.now();
  while (performance.now() - started < TIMED_MS) await nextStep();
  await engine.drainMetrics();
  return (performance.now() - started) / 1000 / (step - WARM_UP_STEPS);
}
