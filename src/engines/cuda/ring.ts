/**
 * @file The queue of steps. Its two halves lie in pinned memory. A half that is full, or whose results are wanted, is copied
 * to the device and computed by one CUDA graph, while the host fills the other.
 */

import { pointerValue } from './arguments.js';
import type { CudaDevice } from './device.js';
import type { Resources } from './memory.js';

/** Steps per half. */
const STEPS = 32;

/** Bytes of the step sizes at the start of a half. The indices follow. */
const HEADER_BYTES = 256;

/** CU_STREAM_CAPTURE_MODE_THREAD_LOCAL. */
const THREAD_LOCAL = 1;

/** What the kernels read for one step, as addresses on the device. */
export interface DeviceStep {
  /** The step size as the value of a kernel's parameter: the address of a float. */
  readonly stepSize: Uint8Array;
  readonly indices: bigint;
}

/** A queue of steps. */
export interface StepRing {
  /** Adds a step. If the half is full, submits it. */
  push(indices: Int32Array, stepSize: number): void;
  /** Submits the steps that wait in the half. */
  submit(): void;
  /** Forgets the steps that wait in the half. */
  clear(): void;
}

/** The bytes of a half, here and on the device. */
export function ringBytes(batch: number): number {
  return HEADER_BYTES + STEPS * 4 * batch;
}

/**
 * Makes a queue.
 *
 * @param address `ringBytes` bytes on the device
 * @param record launches the kernels of one step; they are captured and repeated
 */
export function createStepRing(
  device: CudaDevice,
  resources: Resources,
  { stream, address, batch }: { stream: bigint; address: bigint; batch: number },
  record: (step: DeviceStep) => void,
): StepRing {
  const { driver } = device;
  const halves = [0, 1].map(() => {
    const { address: from, buffer } = resources.pin(ringBytes(batch));
    return {
      from,
      stepSizes: new Float32Array(buffer, 0, STEPS),
      indices: new Int32Array(buffer, HEADER_BYTES),
      copied: resources.event(),
    };
  });
  const graphs = new Map<number, bigint>();
  let current = 0;
  let count = 0;

  const capture = (steps: number): bigint => {
    driver.call('cuStreamBeginCapture_v2', stream, THREAD_LOCAL);
    const handle = new BigUint64Array(1);
    try {
      for (let slot = 0; slot < steps; slot++) {
        record({
          stepSize: pointerValue(address + BigInt(4 * slot)),
          indices: address + BigInt(HEADER_BYTES + 4 * batch * slot),
        });
      }
      driver.call('cuStreamEndCapture', stream, handle);
    } catch (error) {
      driver.status('cuStreamEndCapture', stream, handle); // else the stream would go on capturing
      if (handle[0]) driver.status('cuGraphDestroy', handle[0]);
      throw error;
    }
    const graph = handle[0] ?? 0n;
    try {
      const executable = driver.result('cuGraphInstantiateWithFlags', graph, 0n);
      resources.own(() => driver.status('cuGraphExecDestroy', executable));
      return executable;
    } finally {
      driver.status('cuGraphDestroy', graph);
    }
  };

  const half = (): (typeof halves)[number] => {
    const chosen = halves[current];
    if (!chosen) throw new Error(`there is no half ${current}`);
    return chosen;
  };

  const submit = (): void => {
    if (count === 0) return;
    const graph = graphs.get(count) ?? capture(count);
    graphs.set(count, graph);
    const { from, copied } = half();
    driver.call('cuMemcpyHtoDAsync_v2', address, from, HEADER_BYTES + 4 * batch * count, stream);
    driver.call('cuEventRecord', copied, stream);
    driver.call('cuGraphLaunch', graph, stream);
    count = 0;
    current = 1 - current;
  };

  return {
    push: (indices, stepSize) => {
      const { copied, ...views } = half();
      // The device may still have to copy the steps that were submitted from this half.
      if (count === 0) driver.call('cuEventSynchronize', copied);
      views.stepSizes[count] = stepSize;
      views.indices.set(indices, count * batch);
      count++;
      if (count === STEPS) submit();
    },
    submit,
    clear: () => {
      count = 0;
    },
  };
}
