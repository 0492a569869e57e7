/** @file The readable model: a weight-normalised LSTM over image rows and its loss, to be differentiated by TensorFlow.js. */

import * as tf from '@tensorflow/tfjs';
import type { ModelSpec } from '../../model/spec.js';

/** Parameters by their public names. */
export type Parameters = Readonly<Record<string, tf.Tensor>>;

/**
 * Class scores of images read row by row.
 *
 * @param x pixels 0 to 1, `[B, T, I]`
 * @returns logits `[B, C]` from the last hidden state
 */
export function predict(spec: ModelSpec, parameters: Parameters, x: tf.Tensor3D): tf.Tensor2D {
  const weights = (name: 'x' | 'h'): tf.Tensor2D => {
    const w = parameters[`lstm/w_${name}`] as tf.Tensor2D;
    return spec.model === 'wn' ? weightNorm(w, parameters[`lstm/g_${name}`] as tf.Tensor1D) : w;
  };
  const wx = weights('x'); // normalised once a step, not once a time step
  const wh = weights('h');
  const b = parameters['lstm/b'];
  let h = tf.zeros([x.shape[0], spec.units]) as tf.Tensor2D;
  let c = h;
  for (const row of tf.unstack(x, 1) as tf.Tensor2D[]) {
    const z: tf.Tensor2D = tf.add(tf.add(tf.matMul(row, wx), tf.matMul(h, wh)), b);
    ({ c, h } = cell(z, c, spec.forgetBias));
  }
  return tf.add(tf.matMul(h, parameters['pred/w'] as tf.Tensor2D), parameters['pred/b']);
}

/**
 * One time step of the LSTM.
 *
 * @param z gate inputs `[B, 4H]`, columns i, f, o, g
 * @param c cell `[B, H]`
 * @returns the next cell and hidden state, each `[B, H]`
 */
function cell(z: tf.Tensor2D, c: tf.Tensor2D, forgetBias: number): { c: tf.Tensor2D; h: tf.Tensor2D } {
  const [zi, zf, zo, zg] = tf.split(z, 4, 1);
  const i = tf.sigmoid(zi);
  const f = tf.sigmoid(tf.add(zf, forgetBias));
  const o = tf.sigmoid(zo);
  const g = tf.tanh(zg);
  const next: tf.Tensor2D = tf.add(tf.mul(f, c), tf.mul(i, g));
  return { c: next, h: tf.mul(o, tf.tanh(next)) };
}

/**
 * Rebuilds a weight matrix from direction and length, column by column.
 *
 * @param v direction `[D, K]`
 * @param gain length of each column `[K]` (the paper's g; here `g` is a gate)
 * @returns `gain · v / max(‖v‖, 1e-6)`, `[D, K]`
 * @see Salimans & Kingma 2016, eq. 2
 */
export function weightNorm(v: tf.Tensor2D, gain: tf.Tensor1D): tf.Tensor2D {
  return tf.tidy(() => tf.mul(v, tf.mul(gain, tf.rsqrt(tf.maximum(tf.sum(tf.square(v), 0), 1e-12)))));
}

/**
 * Mean softmax cross entropy.
 *
 * @param logits `[B, C]`
 * @param labels int32 classes `[B]`
 * @returns a scalar
 */
export function crossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar {
  const picked = tf.sum(tf.mul(tf.logSoftmax(logits), tf.oneHot(labels, logits.shape[1])), 1);
  return tf.neg(tf.mean(picked));
}

/** How many predictions are right, a scalar. */
export function countCorrect(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar {
  return tf.sum(tf.cast(tf.equal(tf.argMax(logits, 1), labels), 'float32'));
}
