/** @file The model: a weight-normalised LSTM over the rows of an image, and its loss. TensorFlow.js differentiates it. */

import * as tf from '@tensorflow/tfjs';
import type { ModelSpec } from '../../model/spec.js';
import { get, type Tensors } from './tensors.js';

/** The trainable variables. */
export interface Parameters {
  /** Input weights `[I, 4H]`; with weight normalisation, their direction v. Gates are i, f, o, g along 4H. */
  readonly wx: tf.Tensor2D;
  /** Recurrent weights `[H, 4H]`, or their direction v. */
  readonly wh: tf.Tensor2D;
  /** Column norms of the weights with weight normalisation `[4H]`. */
  readonly gx: tf.Tensor1D | undefined;
  readonly gh: tf.Tensor1D | undefined;
  /** Bias of the gates `[4H]`. */
  readonly b: tf.Tensor1D;
  /** Weights `[H, C]` and bias `[C]` of the prediction layer. */
  readonly predW: tf.Tensor2D;
  readonly predB: tf.Tensor1D;
}

/**
 * Computes class scores for a batch of images, which the LSTM reads row by row.
 *
 * @param x pixels from 0 to 1, `[B, T, I]`
 * @returns logits `[B, C]`, from the last hidden state
 */
export function predict(spec: ModelSpec, parameters: Parameters, x: tf.Tensor3D): tf.Tensor2D {
  const { gx, gh, b, predW, predB } = parameters;
  // Weights are normalised once per training step, not once per time step.
  const wx = gx ? weightNorm(parameters.wx, gx) : parameters.wx;
  const wh = gh ? weightNorm(parameters.wh, gh) : parameters.wh;
  let h = tf.zeros([x.shape[0], spec.units]) as tf.Tensor2D;
  let c = h;
  for (const row of tf.unstack(x, 1) as tf.Tensor2D[]) {
    const z: tf.Tensor2D = tf.add(tf.add(tf.matMul(row, wx), tf.matMul(h, wh)), b);
    ({ c, h } = cell(z, c, spec.forgetBias));
  }
  return tf.add(tf.matMul(h, predW), predB);
}

/**
 * Computes one time step of the LSTM.
 *
 * @param z gate inputs `[B, 4H]`, columns i, f, o, g
 * @param c cell state `[B, H]`
 * @returns the next cell state and hidden state, each `[B, H]`
 */
function cell(z: tf.Tensor2D, c: tf.Tensor2D, forgetBias: number): { c: tf.Tensor2D; h: tf.Tensor2D } {
  const [zi, zf, zo, zg] = tf.split(z, 4, 1) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
  const i = tf.sigmoid(zi);
  const f = tf.sigmoid(tf.add(zf, forgetBias));
  const o = tf.sigmoid(zo);
  const g = tf.tanh(zg);
  const next: tf.Tensor2D = tf.add(tf.mul(f, c), tf.mul(i, g));
  return { c: next, h: tf.mul(o, tf.tanh(next)) };
}

/**
 * Computes a weight matrix from its direction and its column norms.
 *
 * @param v direction `[D, K]`
 * @param gain norm of each column `[K]` (g in the paper; here `g` is a gate)
 * @returns `gain · v / max(‖v‖, 1e-6)`, `[D, K]`
 * @see Salimans & Kingma 2016, eq. 2
 */
export function weightNorm(v: tf.Tensor2D, gain: tf.Tensor1D): tf.Tensor2D {
  return tf.tidy(() => tf.mul(v, tf.mul(gain, tf.rsqrt(tf.maximum(tf.sum(tf.square(v), 0), 1e-12)))));
}

/**
 * Computes the mean softmax cross entropy.
 *
 * @param logits `[B, C]`
 * @param labels classes, int32 `[B]`
 * @returns a scalar
 */
export function crossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar {
  const logProbabilities = tf.mul(tf.logSoftmax(logits), tf.oneHot(labels, logits.shape[1]));
  return tf.neg(tf.mean(tf.sum(logProbabilities, 1)));
}

/** Counts the correct predictions of logits `[B, C]`; a scalar. */
export function countCorrect(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar {
  return tf.sum(tf.cast(tf.equal(tf.argMax(logits, 1), labels), 'float32'));
}

/** The trainable variables, from tensors by their public names. */
export function parametersOf(tensors: Tensors): Parameters {
  return {
    wx: get(tensors, 'lstm/w_x') as tf.Tensor2D,
    wh: get(tensors, 'lstm/w_h') as tf.Tensor2D,
    gx: tensors.get('lstm/g_x') as tf.Tensor1D | undefined,
    gh: tensors.get('lstm/g_h') as tf.Tensor1D | undefined,
    b: get(tensors, 'lstm/b') as tf.Tensor1D,
    predW: get(tensors, 'pred/w') as tf.Tensor2D,
    predB: get(tensors, 'pred/b') as tf.Tensor1D,
  };
}
