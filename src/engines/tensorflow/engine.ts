/** @file The engine on TensorFlow. Data and variables stay on the device; metrics are read only when they are drained. */

import * as tf from '@tensorflow/tfjs';
import type { Split } from '../../data/mnist.js';
import { UserError } from '../../errors.js';
import { adamRate } from '../../model/adam.js';
import { type ModelSpec, parameterShapes, sizeOf } from '../../model/spec.js';
import type { NamedArray, TrainingState } from '../../model/state.js';
import { foreignTensor, type OpenedTensorFlow, openTensorFlow } from '../../tensorflow/backend.js';
import { TensorFlowError, TF } from '../../tensorflow/binding.js';
import { cudaVersions } from '../../tensorflow/cuda-libraries.js';
import { driverGpus, driverVersion } from '../../tensorflow/gpu.js';
import { createOps, type Ops } from '../../tensorflow/ops.js';
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
import { chooseRecurrence, type RecurrenceName } from './probe.js';
import { createStep, type DeviceExamples, type Segment, type Step, type Variables } from './step.js';

/** Step sizes per upload. */
const RATES = 256;

/** Examples per evaluation batch. */
const EVALUATION_BATCH = 1000;

/** Where TensorFlow is installed, and the device to use. */
export interface TensorFlowOptions {
  readonly directory: string;
  readonly device: 'cpu' | 'cuda';
  /** Uses this recurrence instead of choosing one. */
  readonly recurrence?: RecurrenceName;
}

/** Makes an engine on TensorFlow. */
export async function createTensorFlowEngine(
  input: EngineInput,
  { directory, device, recurrence: forced }: TensorFlowOptions,
): Promise<Engine> {
  const { spec, dataset, threads } = input;
  const opened = await openTensorFlow(directory, { device, threads }).catch((error: unknown) => {
    if (!(error instanceof TensorFlowError)) throw error;
    throw new UserError('E_BACKEND', `TensorFlow could not start on ${device}: ${error.message}.`, {
      hint: 'Run `wnlstm doctor` for details, or use the CPU with `--device cpu`.',
      cause: error,
    });
  });
  const op = createOps(opened);
  const recurrence = chooseRecurrence(opened, op, forced);
  const segments: Segment[] = Object.entries(parameterShapes(spec)).map(([name, shape]) => ({
    name,
    shape,
    size: sizeOf(shape),
  }));
  const total = segments.reduce((sum, { size }) => sum + size, 0);
  const pixels = spec.timeSteps * spec.inputs;

  const splits = new Map<Split, DeviceExamples>();
  const uploaded = (split: Split): DeviceExamples => {
    const examples = splits.get(split) ?? upload(opened, op, split, pixels);
    splits.set(split, examples);
    return examples;
  };
  const steps = new Map<number, Step>();
  const stepFor = (batch: number): Step => {
    const shape: ModelSpec = { ...spec, batch };
    const step = steps.get(batch) ?? createStep(op, recurrence.create(shape), shape, segments);
    steps.set(batch, step);
    return step;
  };
  const train = uploaded(dataset.train);
  const step = stepFor(spec.batch);

  /** The arrays of a state as one flat vector. */
  const flatten = (state: TrainingState, stored: (name: string) => string): Float32Array => {
    const flat = new Float32Array(total);
    let offset = 0;
    for (const { name, shape, size } of segments) {
      const { data } = arrayIn(state, stored(name), shape);
      flat.set(name.startsWith('lstm/') ? swapGates(data, shape) : data, offset);
      offset += size;
    }
    return flat;
  };
  const restore = (state: TrainingState): Variables => {
    const flat = flatten(state, (name) => name);
    const isAdam = spec.optimizer === 'adam';
    const m = isAdam ? flatten(state, (name) => slotName('m', name)) : null;
    const v = isAdam ? flatten(state, (name) => slotName('v', name)) : null;
    const sums = Float32Array.from(arrayIn(state, METRICS, [6]).data);
    const onDevice = (values: Float32Array): tf.Tensor => tf.keep(tf.tensor1d(values));
    return {
      flat: onDevice(flat),
      m: m && onDevice(m),
      v: v && onDevice(v),
      sums: onDevice(sums),
    };
  };
  const tensorsOf = ({ flat, m, v, sums }: Variables): tf.Tensor[] => [
    flat,
    sums,
    ...(m ? [m] : []),
    ...(v ? [v] : []),
  ];

  let variables = restore(initialState(input));
  let stepCount = 0;
  /** Step sizes of the next steps by step. Uploaded many at a time, because each upload waits for the GPU. */
  let rates: { lr: number; scalars: Map<number, tf.Tensor> } | null = null;
  const disposeRates = (): void => tf.dispose([...(rates?.scalars.values() ?? [])]);
  const rateAt = (lr: number, stepNumber: number): tf.Tensor => {
    const known = rates && Object.is(rates.lr, lr) ? rates.scalars.get(stepNumber) : undefined;
    if (known) return known;
    disposeRates();
    const values = Float32Array.from({ length: RATES }, (_, index) =>
      spec.optimizer === 'adam' ? adamRate(lr, stepNumber + index) : lr,
    );
    const all = tf.tensor1d(values);
    const scalars = op.unpack(all, RATES).map((scalar) => tf.keep(scalar));
    all.dispose();
    rates = { lr, scalars: new Map(scalars.map((scalar, index) => [stepNumber + index, scalar])) };
    return rateAt(lr, stepNumber);
  };

  const readSums = (): NamedArray => metricsToArray(metricsFromArray(variables.sums.dataSync()));

  return {
    device: `tensorflow ${opened.version} on ${opened.binding.device.type}, ${plural(threads, 'thread')}, ${recurrence.description}`,
    versions: {
      tfjs: tf.version.tfjs,
      tensorflow: opened.version,
      ...(device === 'cuda' && gpuVersions(directory)),
    },
    step: (indices, lr) => {
      stepCount++;
      const rate = rateAt(lr, stepCount);
      const before = variables;
      tf.tidy(() => {
        variables = step.train(before, train, tf.tensor1d(indices, 'int32'), rate);
        for (const tensor of tensorsOf(variables)) tf.keep(tensor);
      });
      tf.dispose(tensorsOf(before));
    },
    drainMetrics: () => {
      const sums = metricsFromArray(readSums().data);
      variables.sums.dispose();
      variables = { ...variables, sums: tf.keep(tf.zeros([6])) };
      return sums;
    },
    evaluate: (split) => {
      const examples = uploaded(split);
      const sums: tf.Tensor[] = [];
      for (let first = 0; first < split.count; first += EVALUATION_BATCH) {
        const rows = Int32Array.from(
          { length: Math.min(EVALUATION_BATCH, split.count - first) },
          (_, row) => first + row,
        );
        const chunk = stepFor(rows.length);
        sums.push(tf.tidy(() => chunk.evaluate(variables.flat, examples, tf.tensor1d(rows))));
      }
      let loss = 0;
      let correct = 0;
      for (const sum of sums) {
        const [chunkLoss = Number.NaN, chunkCorrect = 0] = sum.dataSync(); // waits for the device
        loss += chunkLoss;
        correct += chunkCorrect;
      }
      tf.dispose(sums);
      return { loss: loss / split.count, accuracy: correct / split.count };
    },
    save: (): TrainingState => {
      const state = new Map<string, NamedArray>();
      const add = (tensor: tf.Tensor | null, stored: (name: string) => string): void => {
        if (!tensor) return;
        const flat = tensor.dataSync() as Float32Array;
        let offset = 0;
        for (const { name, shape, size } of segments) {
          const part = flat.slice(offset, offset + size);
          state.set(stored(name), {
            shape,
            data: name.startsWith('lstm/') ? swapGates(part, shape) : part,
          });
          offset += size;
        }
      };
      add(variables.flat, (name) => name);
      add(variables.m, (name) => slotName('m', name));
      add(variables.v, (name) => slotName('v', name));
      state.set(STEP, { shape: [1], data: Int32Array.of(stepCount) });
      state.set(METRICS, readSums());
      return state;
    },
    load: (state) => {
      const [savedStep = 0] = arrayIn(state, STEP, [1]).data;
      const loaded = restore(state);
      tf.dispose(tensorsOf(variables));
      variables = loaded;
      stepCount = savedStep;
    },
    dispose: () => {
      tf.dispose(tensorsOf(variables));
      disposeRates();
      for (const { images, labels } of splits.values()) tf.dispose([images, labels]);
      for (const each of steps.values()) each.dispose();
    },
  };
}

/** Copies a split to the device. */
function upload(opened: OpenedTensorFlow, op: Ops, split: Split, pixels: number): DeviceExamples {
  const bytes = foreignTensor(opened, [split.count, pixels], TF.TF_UINT8, split.images);
  const images = tf.keep(op.cast(bytes, TF.TF_UINT8, TF.TF_HALF));
  bytes.dispose();
  const labels = new Int32Array(2 * split.count); // int64, the lower half first
  split.labels.forEach((label, at) => {
    labels[2 * at] = label;
  });
  return { images, labels: tf.keep(foreignTensor(opened, [split.count], TF.TF_INT64, labels)) };
}

/** Gates are i, f, o, g in states and i, f, g, o in TensorFlow. Swaps the last two, in either direction. */
function swapGates(data: NamedArray['data'], shape: readonly number[]): Float32Array {
  const columns = shape.at(-1) ?? 4;
  const units = columns / 4;
  return Float32Array.from(data, (_, at) => {
    const column = at % columns;
    const gate = Math.floor(column / units);
    return data[at + (gate === 2 ? units : gate === 3 ? -units : 0)] as number;
  });
}

/** Versions of CUDA, cuDNN and the driver, and the model of the GPU. TensorFlow uses the first GPU. */
function gpuVersions(directory: string): Record<string, string> {
  return {
    ...cudaVersions(directory),
    driver: driverVersion() ?? 'unknown',
    gpu: driverGpus()[0]?.name ?? 'unknown',
  };
}
