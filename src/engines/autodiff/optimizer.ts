/** @file Clipping and update rules. TensorFlow.js's own Adam uses another ε and cannot resume exactly. */

import * as tf from '@tensorflow/tfjs';
import { BETA1, BETA2, EPSILON } from '../../model/adam.js';
import type { ModelSpec } from '../../model/spec.js';
import type { Tensors } from './tensors.js';

/** Clipped gradients and the statistics of clipping, which are scalars. */
export interface Clipped {
  readonly gradients: Tensors;
  /** Global norm before clipping. */
  readonly norm: tf.Scalar;
  readonly normClipped: tf.Scalar;
  /** Clipped fraction of variables (norm), of steps, which is 0 or 1 (global-norm), or of elements (value). */
  readonly fraction: tf.Scalar;
}

/** Clips gradients: each variable by its norm (as in the article), all by their global norm, or each element. */
export function clipGradients(gradients: Tensors, { clip, clipMode }: ModelSpec): Clipped {
  const norm = globalNorm(gradients);
  if (clip === null) return { gradients, norm, normClipped: norm, fraction: tf.scalar(0) };
  const finish = (clipped: Tensors, fraction: tf.Tensor): Clipped => ({
    gradients: clipped,
    norm,
    normClipped: globalNorm(clipped),
    fraction: fraction as tf.Scalar,
  });
  const all = [...gradients.values()];
  switch (clipMode) {
    case 'norm': {
      const clipped = mapTensors(gradients, (gradient) =>
        tf.mul(gradient, scaleFor(tf.norm(gradient), clip)),
      );
      return finish(clipped, tf.mean(tf.stack(all.map((gradient) => isAbove(tf.norm(gradient), clip)))));
    }
    case 'global-norm': {
      const scale = scaleFor(norm, clip);
      return finish(
        mapTensors(gradients, (gradient) => tf.mul(gradient, scale)),
        isAbove(norm, clip),
      );
    }
    case 'value': {
      const clipped = mapTensors(gradients, (gradient) => tf.clipByValue(gradient, -clip, clip));
      const elements = all.reduce((total, gradient) => total + gradient.size, 0);
      const above = sumOf(all.map((gradient) => tf.sum(isAbove(tf.abs(gradient), clip))));
      return finish(clipped, tf.div(above, elements));
    }
    default:
      return clipMode satisfies never;
  }
}

/** L2 norm of all tensors together. */
function globalNorm(tensors: Tensors): tf.Scalar {
  return tf.sqrt(sumOf([...tensors.values()].map((tensor) => tf.sum(tf.square(tensor)))));
}

function sumOf(scalars: tf.Tensor[]): tf.Scalar {
  return tf.addN(scalars) as tf.Scalar;
}

/** Applies a function to each tensor. */
export function mapTensors(
  tensors: Tensors,
  change: (tensor: tf.Tensor, name: string) => tf.Tensor,
): Tensors {
  return new Map([...tensors].map(([name, tensor]) => [name, change(tensor, name)]));
}

/** The factor `clip / max(norm, clip)`, which is 1 where nothing is clipped. */
function scaleFor(norm: tf.Tensor, clip: number): tf.Tensor {
  return tf.div(clip, tf.maximum(norm, clip));
}

/** 1 where a value is above the limit, else 0. */
function isAbove(tensor: tf.Tensor, limit: number): tf.Tensor {
  return tf.cast(tf.greater(tensor, limit), 'float32');
}

/** Adam's moments of one parameter. */
export interface Moments {
  readonly m: tf.Tensor;
  readonly v: tf.Tensor;
}

/**
 * One Adam step for one parameter.
 *
 * @param rate corrected step size, from `adamRate`
 */
export function adam(
  parameter: tf.Tensor,
  gradient: tf.Tensor,
  moments: Moments,
  rate: number,
): { parameter: tf.Tensor; moments: Moments } {
  const m = tf.add(tf.mul(moments.m, BETA1), tf.mul(gradient, 1 - BETA1));
  const v = tf.add(tf.mul(moments.v, BETA2), tf.mul(tf.square(gradient), 1 - BETA2));
  const change = tf.div(tf.mul(m, rate), tf.add(tf.sqrt(v), EPSILON));
  return { parameter: tf.sub(parameter, change), moments: { m, v } };
}

/** One step of plain gradient descent for one parameter. */
export function sgd(parameter: tf.Tensor, gradient: tf.Tensor, lr: number): tf.Tensor {
  return tf.sub(parameter, tf.mul(gradient, lr));
}
