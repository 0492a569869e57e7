/** @file Chooses the recurrence: cuDNN if it works on a tiny problem and agrees with BlockLSTM, else BlockLSTM. */

import * as tf from '@tensorflow/tfjs';
import type { OpenedTensorFlow } from '../../tensorflow/backend.js';
import type { Ops } from '../../tensorflow/ops.js';
import { createCudnnRecurrence } from './cudnn.js';
import { createBlockRecurrence, type Recurrence, type RecurrenceShape } from './recurrence.js';

/** The implementations of the recurrence. */
export type RecurrenceName = 'cudnn' | 'block';

/** A recurrence for batches of any size. */
export interface ChosenRecurrence {
  /** The name of the op and, if cuDNN was tried and does not work, the reason; one line. */
  readonly description: string;
  readonly create: (shape: RecurrenceShape) => Recurrence;
}

/** Relative to the largest element: far above rounding errors, far below the effect of exchanged gates. */
const TOLERANCE = 1e-4;

const PROBLEM: RecurrenceShape = { timeSteps: 3, batch: 2, inputs: 5, units: 4 };

/**
 * Chooses the recurrence for a device. CPUs have no cuDNN.
 *
 * @param forced uses this one without trying it
 */
export function chooseRecurrence(
  opened: OpenedTensorFlow,
  op: Ops,
  forced?: RecurrenceName,
): ChosenRecurrence {
  const onGpu = opened.binding.isUsingGpuDevice();
  const reason = forced === undefined && onGpu ? probeCudnn(opened, op) : null;
  const name = forced ?? (onGpu && reason === null ? 'cudnn' : 'block');
  return name === 'cudnn'
    ? { description: 'CudnnRNNV3', create: (shape) => createCudnnRecurrence(op, shape) }
    : {
        description: reason === null ? 'BlockLSTMV2' : `BlockLSTMV2 (cuDNN does not work: ${reason})`,
        create: (shape) => createBlockRecurrence(opened, op, shape),
      };
}

/**
 * Tries cuDNN.
 *
 * @returns null if it works and agrees with BlockLSTM; else the reason, one line
 */
export function probeCudnn(opened: OpenedTensorFlow, op: Ops): string | null {
  let actual: Solution;
  try {
    actual = solve(createCudnnRecurrence(op, PROBLEM));
  } catch (error) {
    const [line = ''] = (error as Error).message.split('\n');
    return line.replace(/\[.*/, '').slice(0, 160);
  }
  const expected = solve(createBlockRecurrence(opened, op, PROBLEM));
  for (const name of ['h', 'dw', 'db'] as const) {
    const difference = relativeDifference(actual[name], expected[name]);
    if (!(difference <= TOLERANCE)) return `its ${name} differs by ${difference.toExponential(1)}`;
  }
  return null;
}

/** The largest difference, relative to the largest element of `expected`. */
function relativeDifference(actual: Float32Array, expected: Float32Array): number {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return expected.reduce(
    (most, value, at) => Math.max(most, Math.abs(value - (actual[at] as number)) / largest),
    0,
  );
}

type Solution = Readonly<Record<'h' | 'dw' | 'db', Float32Array>>;

/** The last hidden state and both gradients of a fixed problem. */
function solve(recurrence: Recurrence): Solution {
  const { timeSteps, batch, inputs, units } = PROBLEM;
  const wave = (count: number, frequency: number): Float32Array =>
    Float32Array.from({ length: count }, (_, at) => Math.sin(frequency * at + 1));
  const read = (tensor: tf.Tensor): Float32Array => tensor.dataSync() as Float32Array;
  try {
    return tf.tidy(() => {
      const x = tf.tensor3d(wave(timeSteps * batch * inputs, 1.3), [timeSteps, batch, inputs]);
      const w = tf.tensor2d(wave((inputs + units) * 4 * units, 2.1), [inputs + units, 4 * units]);
      const { h, backward } = recurrence.forward(x, w, tf.tensor1d(wave(4 * units, 1.7)));
      const { dw, db } = backward(tf.tensor2d(wave(batch * units, 0.9), [batch, units]));
      return { h: read(h), dw: read(dw), db: read(db) } as Solution & tf.TensorContainer;
    });
  } finally {
    recurrence.dispose();
  }
}
