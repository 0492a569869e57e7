/** @file A case is one model of one size. Writes it to files for the workers, and checks and times the contenders. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { batches } from '../../dist/data/batches.js';
import { bundledDirectory } from '../../dist/data/mnist.js';
import { initialParameters } from '../../dist/model/spec.js';
import { startWorker } from './client.mjs';
import { commandOf } from './contenders.mjs';

const SEED = 1;
const FIRST_EXAMPLE = 5000; // of MNIST's 60,000; the first 5,000 are for validation
const LEARNING_RATE = 1e-3;
const CHECK_STEPS = 3;
const TOLERANCE = 1e-5; // relative
const WARM_UP_ROUNDS = 2;
const MIN_STEPS = 10; // per block
const BLOCK_MS = 1000; // a slow contender gets fewer steps per block, so that a block takes about this long
const PAUSE_MS = 100; // before a block, so that the threads of the previous contender fall asleep

/** Number of different batches, which repeat. */
export const ORDER_LENGTH = 1000;

/** Writes a case to files for the workers: the spec, the initial weights and the batches. Returns the path. */
export const writeCase = (folder, { units, batch, model }) => {
  const spec = {
    model,
    units,
    batch,
    timeSteps: 28,
    inputs: 28,
    classes: 10,
    forgetBias: 1,
    optimizer: 'adam',
    clip: null,
    clipMode: 'norm',
  };
  const parameters = initialParameters(spec, SEED, null);
  const weights = join(folder, 'weights.f32');
  writeFileSync(
    weights,
    Buffer.concat([...parameters.values()].map(({ data }) => new Uint8Array(data.buffer))),
  );
  const batchOf = batches(SEED, 60_000 - FIRST_EXAMPLE, batch);
  const rows = Array.from(
    { length: ORDER_LENGTH },
    (_, index) => new Uint8Array(batchOf(index + 1).slice().buffer),
  );
  const order = join(folder, 'order.i32');
  writeFileSync(order, Buffer.concat(rows));
  const path = join(folder, 'case.json');
  const data = bundledDirectory();
  const content = {
    spec,
    seed: SEED,
    learningRate: LEARNING_RATE,
    weights,
    shapes: [...parameters].map(([name, { shape }]) => [name, shape]),
    order,
    images: join(data, 'train-images-idx3-ubyte'),
    labels: join(data, 'train-labels-idx1-ubyte'),
    firstExample: FIRST_EXAMPLE,
  };
  writeFileSync(path, JSON.stringify(content));
  return path;
};

const median = (values) => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** The losses of a worker's first steps. */
const firstLosses = async (worker) => {
  const found = [];
  while (found.length < CHECK_STEPS) found.push((await worker.train(1)).loss);
  return found;
};

/** The expected losses, from wnlstm's `js` engine. */
const referenceLosses = async (casePath) => {
  const worker = await startWorker(commandOf({ name: 'ours-js', worker: 'ours.mjs' }, casePath, 1));
  const found = await firstLosses(worker);
  worker.stop();
  return found;
};

/** Throws if a worker's losses differ from the expected ones. */
const compare = (found, expected) => {
  const wrong = found.findIndex((loss, at) => !(Math.abs(loss / expected[at] - 1) <= TOLERANCE));
  if (wrong >= 0)
    throw new Error(`expected the loss ${expected[wrong]} at step ${wrong + 1}, got ${found[wrong]}`);
};

/**
 * Starts, checks and times the contenders of one case.
 *
 * @param options contenders, numbers of threads, timed rounds, and maximum number of steps per round
 * @param report called with progress messages
 * @param refuse called with the reason why a contender is not timed
 * @returns the row of the table for each contender, with all measured times
 */
export const runCase = async (casePath, { contenders, threads, rounds, steps }, report, refuse) => {
  let workers = contenders.flatMap((contender) =>
    threads
      .filter((count) => count <= (contender.maxThreads ?? count))
      .map((count) => ({ contender, threads: count, times: [] })),
  );
  const label = (worker) =>
    `${worker.contender.name}, ${worker.threads} thread${worker.threads > 1 ? 's' : ''}`;
  /** Runs an action for each worker in turn. A worker that fails is removed. */
  const forEachWorker = async (action, order = workers) => {
    for (const worker of order) {
      try {
        await action(worker);
      } catch (error) {
        refuse(`${label(worker)} is not timed: ${error.message}`);
        worker.stop?.();
        workers = workers.filter((other) => other !== worker);
      }
    }
  };

  await forEachWorker(async (worker) => {
    Object.assign(worker, await startWorker(commandOf(worker.contender, casePath, worker.threads)));
    report(`${label(worker)}: ${worker.version}`);
  });

  report('comparing the losses');
  const expected = await referenceLosses(casePath);
  await forEachWorker(async (worker) => {
    worker.losses = await firstLosses(worker);
    compare(worker.losses, expected);
    const { ms } = await worker.train(MIN_STEPS);
    worker.steps = Math.min(steps, Math.max(MIN_STEPS, Math.round(BLOCK_MS / ms)));
  });

  for (let round = 1 - WARM_UP_ROUNDS; round <= rounds; round++) {
    report(round < 1 ? 'warming up' : `round ${round} of ${rounds}`);
    const turn = async (worker) => {
      await sleep(PAUSE_MS);
      const { ms } = await worker.train(worker.steps);
      if (round >= 1) worker.times.push(ms);
    };
    await forEachWorker(turn, round % 2 === 0 ? workers : workers.toReversed());
  }
  for (const worker of workers) worker.stop();
  return workers.map(({ contender, threads, version, steps, times, losses }) => ({
    contender: contender.name,
    version,
    threads,
    steps,
    median: median(times),
    min: Math.min(...times),
    max: Math.max(...times),
    times,
    losses,
  }));
};
