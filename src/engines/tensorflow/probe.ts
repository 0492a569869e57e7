/** @file Which recurrence computes: cuDNN's where a tiny problem shows that it works and agrees, else BlockLSTM. */

import * as tf from '@tensorflow/tfjs';
import type { OpenedTensorFlow } from '../../tensorflow/backend.js';
import { createCudnnRecurrence } from './cudnn.js';
import type { Ops } from './ops.js';
import { createBlockRecurrence, type Recurrence, type RecurrenceShape } from './recurrence.js';

/** The recurrences there are. */
export type RecurrenceName = 'cudnn' | 'block';

/** A recurrence for batches of any size. */
export interface ChosenRecurrence {
  /** The op, and if cuDNN was to be had in vain, why: one line. */
  readonly description: string;
  readonly create: (shape: RecurrenceShape) => Recurrence;
}

/** Of the largest element: far above rounding, far below what a gate in the wrong place would make. */
const TOLERANCE = 1e-4;

const PROBLEM: RecurrenceShape = { timeSteps: 3, batch: 2, inputs: 5, units: 4 };

/**
 * Chooses for a device; there is no cuDNN on a CPU.
 *
 * @param forced takes that one, unasked
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
        description: reason === null ? 'BlockLSTMV2' : `BlockLSTMV2, as cuDNN fails here: ${reason}`,
        create: (shape) => createBlockRecurrence(opened, op, shape),
      };
}

/**
 * Tries cuDNN.
 *
 * @returns null if it works and computes what BlockLSTM does; else why not, one line
 */
export function probeCudnn(opened: OpenedTensorFlow, op: Ops): string | null {
  let actual: Float32Array[];
  try {
    actual = solve(createCudnnRecurrence(op, PROBLEM));
  } catch (error) {
    return (error as Error).message.split('\n')[0].replace(/\[.*/, '').slice(0, 160);
  }
  const expected = solve(createBlockRecurrence(opened, op, PROBLEM));
  for (const [at, name] of ['h', 'dw', 'db'].entries()) {
    const largest = expected[at].reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const difference = expected[at].reduce(
      (most, value, index) => Math.max(most, Math.abs(value - actual[at][index]) / largest),
      0,
    );
    if (!(difference <= TOLERANCE)) return `its ${name} differs by ${difference.toExponential(1)}`;
  }
  return null;
}

/** The last hidden state and both gradients of a fixed problem. */
function solve(recurrence: Recurrence): Float32Array[] {
  const { timeSteps, batch, inputs, units } = PROBLEM;
  const wave = (count: number, pace: number): Float32Array =>
    Float32Array.from({ length: count }, (_, at) => Math.sin(pace * at + 1));
  try {
    return tf.tidy(() => {
      const x = tf.tensor3d(wave(timeSteps * batch * inputs, 1.3), [timeSteps, batch, inputs]);
      const w = tf.tensor2d(wave((inputs + units) * 4 * units, 2.1), [inputs + units, 4 * units]);
      const { h, passed } = recurrence.forward(x, w, tf.tensor1d(wave(4 * units, 1.7)));
      const { dw, db } = recurrence.backward(passed, tf.tensor2d(wave(batch * units, 0.9), [batch, units]));
      return [h, dw, db].map((tensor) => tensor.dataSync() as Float32Array);
    });
  } finally {
    recurrence.dispose();
  }
}
