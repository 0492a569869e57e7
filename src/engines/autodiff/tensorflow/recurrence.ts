/**
 * @file The LSTM over all time steps as one op, `BlockLSTMV2`, and its gradient, `BlockLSTMGradV2`. Gate columns are
 * i, f, g, o here, TensorFlow's order, and there is no forget bias: it is part of b.
 */
import * as tf from '@tensorflow/tfjs';
import { foreignTensor, type OpenedTensorFlow } from './backend.js';
import { TF } from './binding.js';
import type { Ops } from './ops.js';

/** What the gradient needs of the forward pass. */
export interface Passed {
  readonly inputs: readonly tf.Tensor[];
  readonly outputs: readonly tf.Tensor[];
}

export interface Recurrence {
  /**
   * @param x `[T, B, I]`
   * @param w `[I + H, 4H]`, rows of x first
   * @param b `[4H]`
   * @returns hidden states of all time steps `[T, B, H]`
   */
  forward(x: tf.Tensor, w: tf.Tensor, b: tf.Tensor): { h: tf.Tensor; passed: Passed };
  /** @returns gradients of w and b, from that of all hidden states `[T, B, H]` */
  backward(passed: Passed, dh: tf.Tensor): { dw: tf.Tensor; db: tf.Tensor };
  dispose(): void;
}

const attributes = [
  { name: 'T', type: TF.TF_ATTR_TYPE, value: TF.TF_FLOAT },
  { name: 'use_peephole', type: TF.TF_ATTR_BOOL, value: false },
];

/** For a batch of one size; keeps the constants that the ops want. */
export const createRecurrence = (
  opened: OpenedTensorFlow,
  { run }: Ops,
  { timeSteps, batch, units }: { timeSteps: number; batch: number; units: number },
): Recurrence => {
  const length = tf.keep(foreignTensor(opened, [], TF.TF_INT64, Int32Array.of(timeSteps, 0)));
  const state = tf.keep(tf.zeros([batch, units]));
  const peephole = tf.keep(tf.zeros([units]));
  const noCellGradient = tf.keep(tf.zeros([timeSteps, batch, units]));
  return {
    forward: (x, w, b) => {
      const inputs = [length, x, state, state, w, peephole, peephole, peephole, b];
      const clip = { name: 'cell_clip', type: TF.TF_ATTR_FLOAT, value: 0 };
      const outputs = run('BlockLSTMV2', [...attributes, clip], inputs, 7); // i, cs, f, o, ci, co, h
      return { h: outputs[6], passed: { inputs, outputs } };
    },
    backward: ({ inputs, outputs }, dh) => {
      // x, cs_prev, h_prev, w, wci, wcf, wco, b
      const gradients = run('BlockLSTMGradV2', attributes, [...inputs, ...outputs, noCellGradient, dh], 8);
      return { dw: gradients[3], db: gradients[7] };
    },
    dispose: () => tf.dispose([length, state, peephole, noCellGradient]),
  };
};
