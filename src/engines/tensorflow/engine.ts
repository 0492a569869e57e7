/** @file The engine on TensorFlow: keeps data and variables on the device, reads metrics only when they are taken. */

import * as tf from '@tensorflow/tfjs';
import type { Split } from '../../data/mnist.js';
import { UserError } from '../../errors.js';
import { adamRate } from '../../model/adam.js';
import { type ModelSpec, parameterShapes, sizeOf } from '../../model/spec.js';
import type { NamedArray, TrainingState } from '../../model/state.js';
import { foreignTensor, type OpenedTensorFlow, openTensorFlow } from '../../tensorflow/backend.js';
import { TensorFlowError, TF } from '../../tensorflow/binding.js';
import { driverGpus, driverVersion } from '../../tensorflow/gpu.js';
import { cudaVersions } from '../../tensorflow/install/cuda-libraries.js';
import {
  type Engine,
  type EngineInput,
  METRICS,
  metricsFromArray,
  metricsToArray,
  STEP,
  slotName,
} from '../engine.js';
import { createOps, type Ops } from './ops.js';
import { chooseRecurrence, type RecurrenceName } from './probe.js';
import { createStep, type DeviceExamples, type Segment, type Step, type Variables } from './step.js';

const RATES = 256;

/** The most examples that are evaluated at once. */
const CHUNK = 1000;

/** Where TensorFlow is, and on what it shall run. */
export interface TensorFlowOptions {
  readonly directory: string;
  readonly device: 'cpu' | 'cuda';
  /** Takes this one instead of the best that works. */
  readonly recurrence?: RecurrenceName;
}

/** Makes a ready engine. */
export async function createTensorFlowEngine(
  { spec, dataset, parameters, threads }: EngineInput,
  { directory, device, recurrence: forced }: TensorFlowOptions,
): Promise<Engine> {
  const opened = await openTensorFlow(directory, { device, threads }).catch((error: unknown) => {
    if (!(error instanceof TensorFlowError)) throw error;
    throw new UserError('E_BACKEND', `TensorFlow could not start on ${device}: ${error.message}.`, {
      hint: 'See `wnlstm doctor`, or compute on the CPU with `--device cpu`.',
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

  /** A flat vector from arrays by name. */
  const flatten = (arrays: ReadonlyMap<string, NamedArray>, stored: (name: string) => string): tf.Tensor => {
    const flat = new Float32Array(total);
    let at = 0;
    for (const { name, shape, size } of segments) {
      const data = arrays.get(stored(name))?.data ?? new Float32Array(size);
      flat.set(name.startsWith('lstm/') ? swapGates(data, shape[shape.length - 1]) : data, at);
      at += size;
    }
    return tf.keep(tf.tensor1d(flat));
  };
  const start = (arrays: ReadonlyMap<string, NamedArray>): Variables => ({
    flat: flatten(arrays, (name) => name),
    m: spec.optimizer === 'adam' ? flatten(arrays, (name) => slotName('m', name)) : null,
    v: spec.optimizer === 'adam' ? flatten(arrays, (name) => slotName('v', name)) : null,
    sums: tf.keep(tf.tensor1d(Float32Array.from(arrays.get(METRICS)?.data ?? [0, 0, 0, 0, 0, 0]))),
  });
  const tensorsOf = ({ flat, m, v, sums }: Variables): tf.Tensor[] => [
    flat,
    sums,
    ...(m ? [m] : []),
    ...(v ? [v] : []),
  ];

  let variables = start(parameters);
  let stepCount = 0;
  /** Step sizes for the coming steps: uploaded many at once, for on a GPU every upload waits. */
  let rates: { first: number; lr: number; scalars: tf.Tensor[] } | null = null;
  const rateAt = (lr: number, at: number): tf.Tensor => {
    if (!rates || rates.lr !== lr || at < rates.first || at >= rates.first + RATES) {
      if (rates) tf.dispose(rates.scalars);
      const values = Float32Array.from({ length: RATES }, (_, index) =>
        spec.optimizer === 'adam' ? adamRate(lr, at + index) : lr,
      );
      const all = tf.tensor1d(values);
      rates = { first: at, lr, scalars: op.unpack(all, RATES).map((scalar) => tf.keep(scalar)) };
      all.dispose();
    }
    return rates.scalars[at - rates.first];
  };

  const takeSums = (): NamedArray => metricsToArray(metricsFromArray(variables.sums.dataSync()));

  return {
    device: `tensorflow ${opened.version} on ${opened.binding.device.type}, ${threads} ${threads === 1 ? 'thread' : 'threads'}, ${recurrence.description}`,
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
      const sums = metricsFromArray(takeSums().data);
      variables.sums.dispose();
      variables = { ...variables, sums: tf.keep(tf.zeros([6])) };
      return sums;
    },
    evaluate: (split) => {
      const examples = uploaded(split);
      const sums: tf.Tensor[] = [];
      for (let first = 0; first < split.count; first += CHUNK) {
        const rows = Int32Array.from(
          { length: Math.min(CHUNK, split.count - first) },
          (_, row) => first + row,
        );
        const chunk = stepFor(rows.length);
        sums.push(tf.tidy(() => chunk.evaluate(variables.flat, examples, tf.tensor1d(rows))));
      }
      const read = sums.map((sum) => sum.dataSync()); // only now does it wait for the device
      tf.dispose(sums);
      const total = (at: number): number => read.reduce((all, sum) => all + sum[at], 0);
      return { loss: total(0) / split.count, accuracy: total(1) / split.count };
    },
    save: (): TrainingState => {
      const state = new Map<string, NamedArray>();
      const add = (tensor: tf.Tensor | null, stored: (name: string) => string): void => {
        if (!tensor) return;
        const flat = tensor.dataSync() as Float32Array;
        let at = 0;
        for (const { name, shape, size } of segments) {
          const part = flat.slice(at, at + size);
          state.set(stored(name), {
            shape,
            data: name.startsWith('lstm/') ? swapGates(part, shape[shape.length - 1]) : part,
          });
          at += size;
        }
      };
      add(variables.flat, (name) => name);
      add(variables.m, (name) => slotName('m', name));
      add(variables.v, (name) => slotName('v', name));
      state.set(STEP, { shape: [1], data: Int32Array.of(stepCount) });
      state.set(METRICS, takeSums());
      return state;
    },
    load: (state) => {
      tf.dispose(tensorsOf(variables));
      variables = start(state);
      stepCount = state.get(STEP)?.data[0] ?? 0;
    },
    dispose: () => {
      tf.dispose(tensorsOf(variables));
      if (rates) tf.dispose(rates.scalars);
      for (const { images, labels } of splits.values()) tf.dispose([images, labels]);
      for (const each of steps.values()) each.dispose();
    },
  };
}

/** Puts a split on the device. */
function upload(opened: OpenedTensorFlow, op: Ops, split: Split, pixels: number): DeviceExamples {
  const bytes = foreignTensor(opened, [split.count, pixels], TF.TF_UINT8, split.images);
  const images = tf.keep(op.cast(bytes, TF.TF_UINT8, TF.TF_HALF));
  bytes.dispose();
  const labels = new Int32Array(2 * split.count); // an int64 each, the lower half first
  split.labels.forEach((label, at) => {
    labels[2 * at] = label;
  });
  return { images, labels: tf.keep(foreignTensor(opened, [split.count], TF.TF_INT64, labels)) };
}

/** Gates are i, f, o, g in states and i, f, g, o in TensorFlow: swaps the last two, either way. */
function swapGates(data: ArrayLike<number>, columns: number): Float32Array {
  const units = columns / 4;
  return Float32Array.from(data, (_, at) => {
    const column = at % columns;
    const gate = Math.floor(column / units);
    return data[at + (gate === 2 ? units : gate === 3 ? -units : 0)];
  });
}

/** Of what a GPU computes with, and the GPU: TensorFlow takes the first. */
function gpuVersions(directory: string): Record<string, string> {
  return {
    ...cudaVersions(directory),
    driver: driverVersion() ?? 'unknown',
    gpu: driverGpus()[0]?.name ?? 'unknown',
  };
}
