/** @file The interface of the LSTM over all time steps, and its implementation for every device, the op `BlockLSTMV2`. */

import * as tf from '@tensorflow/tfjs';
import { foreignTensor, type OpenedTensorFlow } from '../../tensorflow/backend.js';
import { TF } from '../../tensorflow/binding.js';
import type { Ops } from '../../tensorflow/ops.js';

/** The LSTM over all time steps. Gate columns are i, f, g, o, as in TensorFlow; b contains the forget bias. */
export interface Recurrence {
  /**
   * @param x `[T, B, I]`
   * @param w `[I + H, 4H]`, rows of x first
   * @param b `[4H]`
   */
  forward(x: tf.Tensor, w: tf.Tensor, b: tf.Tensor): RecurrenceOutput;
  dispose(): void;
}

/** The result of a forward pass, and its backward pass. */
export interface RecurrenceOutput {
  /** The last hidden state `[B, H]`. */
  readonly h: tf.Tensor;
  /**
   * @param dh gradient of h `[B, H]`
   * @returns gradients of w and b
   */
  backward(dh: tf.Tensor): { dw: tf.Tensor; db: tf.Tensor };
}

/** The sizes that a recurrence is created for. */
export interface RecurrenceShape {
  readonly timeSteps: number;
  readonly batch: number;
  readonly inputs: number;
  readonly units: number;
}

const attributes = [
  { name: 'T', type: TF.TF_ATTR_TYPE, value: TF.TF_FLOAT },
  { name: 'use_peephole', type: TF.TF_ATTR_BOOL, value: false },
];

/** `BlockLSTMV2` and its gradient `BlockLSTMGradV2`, which have CPU and GPU kernels. */
export function createBlockRecurrence(
  opened: OpenedTensorFlow,
  op: Ops,
  { timeSteps, batch, units }: RecurrenceShape,
): Recurrence {
  const { keep, lazily, ints, dispose } = createConstants();
  const length = keep(foreignTensor(opened, [], TF.TF_INT64, Int32Array.of(timeSteps, 0)));
  const state = keep(tf.zeros([batch, units]));
  const peephole = keep(tf.zeros([units]));
  const noCellGradient = lazily(() => tf.zeros([timeSteps, batch, units])); // only for the backward pass
  const noGradient = lazily(() => tf.zeros([timeSteps - 1, batch, units]));
  const axis0 = keep(tf.scalar(0, 'int32'));
  const [lastBegin, lastSize, lastShape] = [
    ints(timeSteps - 1, 0, 0),
    ints(1, batch, units),
    ints(batch, units),
  ];
  return {
    forward: (x, w, b) => {
      const inputs = [length, x, state, state, w, peephole, peephole, peephole, b];
      const clip = { name: 'cell_clip', type: TF.TF_ATTR_FLOAT, value: 0 };
      const outputs = op.run('BlockLSTMV2', [...attributes, clip], inputs, 7); // i, cs, f, o, ci, co, h
      return {
        h: op.reshape(op.slice(outputs[6], lastBegin, lastSize), lastShape),
        backward: (dh) => {
          const last = op.reshape(dh, lastSize);
          const dhAll = timeSteps > 1 ? op.concat(axis0, noGradient(), last) : last;
          // gradients of x, cs_prev, h_prev, w, wci, wcf, wco, b
          const [, , , dw, , , , db] = op.run(
            'BlockLSTMGradV2',
            attributes,
            [...inputs, ...outputs, noCellGradient(), dhAll],
            8,
          );
          return { dw, db };
        },
      };
    },
    dispose,
  };
}

/** A set of tensors that live until all are disposed of together. */
export function createConstants() {
  const tensors: tf.Tensor[] = [];
  const keep = (tensor: tf.Tensor): tf.Tensor => {
    tensors.push(tf.keep(tensor));
    return tensor;
  };
  return {
    keep,
    /** Creates a tensor at first use. */
    lazily: (make: () => tf.Tensor): (() => tf.Tensor) => {
      let tensor: tf.Tensor | undefined;
      return () => {
        tensor ??= keep(make());
        return tensor;
      };
    },
    ints: (...values: number[]): tf.Tensor => keep(tf.tensor1d(values, 'int32')),
    dispose: (): void => tf.dispose(tensors),
  };
}
