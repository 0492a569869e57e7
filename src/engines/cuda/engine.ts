/** @file The engine on NVIDIA GPUs. It computes the arithmetic of the fused kernel, to the last bit. */

import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import type { Split } from '../../data/mnist.js';
import { adamRate } from '../../model/adam.js';
import type { TrainingState } from '../../model/state.js';
import { driverVersion } from '../../tensorflow/gpu.js';
import {
  arrayIn,
  type Engine,
  type EngineInput,
  initialState,
  METRICS,
  metricsFromArray,
  metricsToArray,
  STEP,
} from '../engine.js';
import { integerValue } from './arguments.js';
import { type DeviceSplit, shareSplit } from './data.js';
import type { CudaDevice } from './device.js';
import { NOT_READY } from './errors.js';
import { addressOf, createResources, download, type Resources, upload } from './memory.js';
import {
  arraysOf,
  type BlockRows,
  evaluationLaunches,
  examplesBytes,
  networkBytes,
  packLaunch,
  stepLaunches,
} from './network.js';
import { createStepRing, ringBytes } from './ring.js';
import { chooseRows } from './rows.js';
import { createDeviceState } from './state.js';

const METRICS_BYTES = 6 * 8;
const EVALUATION_BYTES = 2 * 8;

/**
 * Makes an engine on a device.
 *
 * @param rows rows of the batch per block; chosen if it is left out
 * @throws {UserError} E_BACKEND if the device has too little memory, or fails
 */
export async function createCudaEngine(
  device: CudaDevice,
  input: EngineInput,
  rows: BlockRows = chooseRows(input.spec, device.limits, device.multiprocessors / (input.lanes ?? 1)),
): Promise<Engine> {
  const resources = createResources(device);
  try {
    return createWith(resources, device, input, rows);
  } catch (error) {
    resources.free();
    throw error;
  }
}

function createWith(resources: Resources, device: CudaDevice, input: EngineInput, rows: BlockRows): Engine {
  const { spec, dataset } = input;
  const { driver, limits } = device;
  const stream = resources.stream();
  const splits = new Map(
    [...new Set([dataset.train, dataset.validation, dataset.test])].map((split) => [
      split,
      shareSplit(device, split, resources),
    ]),
  );
  const block = resources.allocate([
    ...arraysOf(spec, Math.max(...[...splits.keys()].map(({ count }) => count))),
    { name: 'ring', bytes: ringBytes(spec.batch) },
  ]);
  driver.call('cuMemsetD8Async', block.address, 0, block.bytes, stream);
  const metricsAddress = addressOf(block, 'metrics');
  const evaluationAddress = addressOf(block, 'evaluation');
  const results = resources.pin(METRICS_BYTES + EVALUATION_BYTES);
  const metricsResult = { to: results.address, values: new Float64Array(results.buffer, 0, 6) };
  const evaluationResult = {
    to: results.address + BigInt(METRICS_BYTES),
    values: new Float64Array(results.buffer, METRICS_BYTES, 2),
  };

  const network = networkBytes(spec, limits, rows, block.pointers);
  const onDevice = (split: Split): DeviceSplit => {
    const found = splits.get(split);
    if (!found) throw new Error('the split does not belong to the data set of the engine');
    return found;
  };
  const launchesOfStep = stepLaunches(spec, limits, rows);
  const ring = createStepRing(
    device,
    resources,
    { stream, address: addressOf(block, 'ring'), batch: spec.batch },
    ({ stepSize, indices }) => {
      const examples = examplesBytes({ ...onDevice(dataset.train), indices, count: spec.batch, train: true });
      for (const launch of launchesOfStep) {
        const more = launch.entry.startsWith('forward')
          ? [examples]
          : launch.entry === 'update'
            ? [stepSize]
            : [];
        device.launch(stream, launch, [network, ...more]);
      }
    },
  );
  const deviceState = createDeviceState(device, block, spec);
  let stepCount = 0;

  const waitBlocking = (): void => driver.call('cuStreamSynchronize', stream);
  /** Waits, and handles other events meanwhile. */
  const wait = async (): Promise<void> => {
    let code = driver.status('cuStreamQuery', stream);
    while (code === NOT_READY) {
      await yieldToEventLoop();
      assertOpen();
      code = driver.status('cuStreamQuery', stream);
    }
    driver.check('cuStreamQuery', code);
  };
  const load = (state: TrainingState): void => {
    // Everything is checked before anything is written.
    const write = deviceState.prepare(state);
    const [savedStep = 0] = arrayIn(state, STEP, [1]).data;
    const sums = Float64Array.from(arrayIn(state, METRICS, [6]).data);
    ring.clear();
    waitBlocking();
    write();
    upload(device, metricsAddress, new Uint8Array(sums.buffer));
    device.launch(stream, packLaunch(spec), [network]);
    stepCount = savedStep;
  };
  let disposed = false;
  const assertOpen = (): void => {
    if (disposed) throw new Error('the engine has been disposed of');
  };
  load(initialState(input));

  return {
    device: `cuda on ${device.name}`,
    versions: { cuda: device.cuda, driver: driverVersion() ?? 'unknown', gpu: device.name },
    step: (indices, lr) => {
      assertOpen();
      stepCount++;
      ring.push(indices, spec.optimizer === 'adam' ? adamRate(lr, stepCount) : lr);
    },
    drainMetrics: async () => {
      assertOpen();
      ring.submit();
      driver.call('cuMemcpyDtoHAsync_v2', metricsResult.to, metricsAddress, METRICS_BYTES, stream);
      driver.call('cuMemsetD8Async', metricsAddress, 0, METRICS_BYTES, stream);
      await wait();
      return metricsFromArray(metricsResult.values);
    },
    evaluate: async (split) => {
      assertOpen();
      ring.submit();
      driver.call('cuMemsetD8Async', evaluationAddress, 0, EVALUATION_BYTES, stream);
      const { count } = split;
      const examples = examplesBytes({ ...onDevice(split), indices: 0n, count, train: false });
      for (const launch of evaluationLaunches(spec, limits, rows, count)) {
        const more = launch.entry === 'sum_evaluation' ? integerValue(count) : examples;
        device.launch(stream, launch, [network, more]);
      }
      driver.call('cuMemcpyDtoHAsync_v2', evaluationResult.to, evaluationAddress, EVALUATION_BYTES, stream);
      await wait();
      const [loss = Number.NaN, correct = 0] = evaluationResult.values;
      return { loss: loss / count, accuracy: correct / count };
    },
    save: () => {
      assertOpen();
      ring.submit();
      waitBlocking();
      const sums = new Float64Array(download(device, metricsAddress, METRICS_BYTES).buffer);
      const state = deviceState.read();
      state.set(STEP, { shape: [1], data: Int32Array.of(stepCount) });
      return state.set(METRICS, metricsToArray(metricsFromArray(sums)));
    },
    load: (state) => {
      assertOpen();
      load(state);
    },
    dispose: () => {
      if (disposed) return;
      disposed = true;
      resources.free();
    },
  };
}
