/** @file The engine on the fused kernel: copies parameters into and out of the kernel's memory, and calls the kernel. */

import type { Split } from '../../data/mnist.js';
import { adamRate } from '../../model/adam.js';
import { type ModelSpec, parameterShapes, sizeOf } from '../../model/spec.js';
import type { NamedArray, TrainingState } from '../../model/state.js';
import { plural } from '../../text/plural.js';
import {
  arrayIn,
  type Engine,
  type EngineInput,
  initialState,
  METRICS,
  metricsFromArray,
  metricsToArray,
  STEP,
  slotName,
} from '../engine.js';
import type { Kernel } from './kernel.js';
import { placeOf } from './place.js';

/** Numbers of the buffers in kernel/net.h. */
const BUFFERS = { value: 0, m: 2, v: 3 } as const;

/** Makes an engine on a kernel, which it then owns. */
export async function createFusedEngine(kernel: Kernel, input: EngineInput): Promise<Engine> {
  const { spec, dataset, threads } = input;
  const { train, validation, test } = dataset;
  const { net, arrays } = kernel.allocate(
    { spec, threads },
    {
      indices: new Uint8Array(4 * spec.batch),
      trainImages: train.images,
      trainLabels: train.labels,
      validationImages: validation.images,
      validationLabels: validation.labels,
      testImages: test.images,
      testLabels: test.labels,
    },
  );
  const indexView = new Int32Array(arrays.indices.buffer, arrays.indices.byteOffset, spec.batch);
  const metrics = new Float64Array(net.buffer, net.byteOffset + kernel.metricsOffset, 6);
  const evaluation = new Float64Array(net.buffer, net.byteOffset + kernel.evaluationOffset, 2);
  const tensors = mapTensors(kernel, net, spec);
  let stepCount = 0;

  const load = (state: TrainingState): void => {
    // Everything is checked before anything is written.
    const sources = tensors.map((tensor) => ({ ...tensor, ...arrayIn(state, tensor.name, tensor.shape) }));
    const [savedStep = 0] = arrayIn(state, STEP, [1]).data;
    const sums = arrayIn(state, METRICS, [6]).data;
    for (const { data, columns, rows } of sources) {
      for (const [index, row] of rows.entries())
        row.set(data.subarray(index * columns, (index + 1) * columns));
    }
    kernel.packWeights(net);
    stepCount = savedStep;
    metrics.set(sums);
  };
  load(initialState(input));
  await kernel.start(net);

  const imagesOf = (split: Split): readonly [Uint8Array, Uint8Array] => {
    if (split === validation) return [arrays.validationImages, arrays.validationLabels];
    return split === test ? [arrays.testImages, arrays.testLabels] : [arrays.trainImages, arrays.trainLabels];
  };

  return {
    device: `${kernel.name}, ${plural(kernel.threads(net), 'thread')}`,
    versions: {},
    step: (indices, lr) => {
      stepCount++;
      indexView.set(indices);
      const stepSize = spec.optimizer === 'adam' ? adamRate(lr, stepCount) : lr;
      kernel.step(net, arrays.trainImages, arrays.trainLabels, arrays.indices, stepSize);
    },
    drainMetrics: () => {
      const sums = metricsFromArray(metrics);
      metrics.fill(0);
      return sums;
    },
    evaluate: (split) => {
      kernel.evaluate(net, ...imagesOf(split), split.count);
      const [loss = 0, correct = 0] = evaluation;
      return { loss: loss / split.count, accuracy: correct / split.count };
    },
    save: () => {
      const state = new Map<string, NamedArray>();
      for (const { name, shape, columns, rows } of tensors) {
        const data = new Float32Array(sizeOf(shape));
        for (const [index, row] of rows.entries()) data.set(row, index * columns);
        state.set(name, { shape, data });
      }
      state.set(STEP, { shape: [1], data: Int32Array.of(stepCount) });
      state.set(METRICS, metricsToArray(metricsFromArray(metrics)));
      return state;
    },
    load,
    dispose: () => kernel.stop(net),
  };
}

/** An array of the state, and the rows of kernel memory that hold it. */
interface MappedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly columns: number;
  readonly rows: readonly Float32Array[];
}

/** Maps every parameter, and its moments under Adam, to views of the kernel's memory. */
export function mapTensors(kernel: Kernel, net: Uint8Array, spec: ModelSpec): MappedTensor[] {
  const buffers = spec.optimizer === 'adam' ? (['value', 'm', 'v'] as const) : (['value'] as const);
  return Object.entries(parameterShapes(spec)).flatMap(([name, shape]) =>
    buffers.map((buffer) => {
      const { lstm, firstRow } = placeOf(name, spec);
      const stride = kernel.stride(net, lstm);
      const columns = shape.at(-1) ?? 1;
      const start = net.byteOffset + kernel.offset(net, lstm, BUFFERS[buffer]) + 4 * firstRow * stride;
      const rows = Array.from(
        { length: sizeOf(shape) / columns },
        (_, row) => new Float32Array(net.buffer, start + 4 * row * stride, columns),
      );
      return { name: buffer === 'value' ? name : slotName(buffer, name), shape, columns, rows };
    }),
  );
}
