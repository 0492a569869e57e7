/** @file Clipping and update rules, written out: TensorFlow.js's own Adam has another ε and cannot resume exactly. */

import * as tf from '@tensorflow/tfjs';
import { BETA1, BETA2, EPSILON } from '../../model/adam.js';
import type { ModelSpec } from '../../model/spec.js';

/** Tensors by parameter name. */
export type Tensors = Readonly<Record<string, tf.Tensor>>;

/** Clipped gradients, and what clipping did; the numbers are scalars. */
export interface Clipped {
  readonly gradients: Tensors;
  readonly norm: tf.Scalar;
  readonly normClipped: tf.Scalar;
  /** Share of variables (norm), of steps: 0 or 1 (global-norm), or of elements (value). */
  readonly fraction: tf.Scalar;
}

/** One parameter's new value, and its new moments if the rule keeps them. */
export interface Update {
  readonly parameter: tf.Tensor;
  readonly m?: tf.Tensor;
  readonly v?: tf.Tensor;
}

/** Clips gradients before the optimiser sees them: each variable (the article's way), all together, or each element. */
export function clipGradients(gradients: Tensors, { clip, clipMode }: ModelSpec): Clipped {
  const norm = globalNorm(gradients);
  if (clip === null) return { gradients, norm, normClipped: norm, fraction: tf.scalar(0) };
  const all = Object.values(gradients);
  const finish = (clipped: Tensors, fraction: tf.Tensor): Clipped => ({
    gradients: clipped,
    norm,
    normClipped: globalNorm(clipped),
    fraction: fraction as tf.Scalar,
  });
  switch (clipMode) {
    case 'norm': {
      const norms = mapTensors(gradients, (gradient) => tf.norm(gradient));
      const clipped = mapTensors(gradients, (gradient, name) =>
        tf.mul(gradient, scaleFor(norms[name], clip)),
      );
      return finish(clipped, tf.mean(tf.stack(Object.values(norms).map((each) => isAbove(each, clip)))));
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
  return tf.sqrt(sumOf(Object.values(tensors).map((tensor) => tf.sum(tf.square(tensor)))));
}

function sumOf(scalars: tf.Tensor[]): tf.Scalar {
  return tf.addN(scalars) as tf.Scalar;
}

function mapTensors(tensors: Tensors, change: (tensor: tf.Tensor, name: string) => tf.Tensor): Tensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, change(tensor, name)]));
}

/** `c / max(norm, c)`: 1 where nothing is to be clipped. */
function scaleFor(norm: tf.Tensor, clip: number): tf.Tensor {
  return tf.div(clip, tf.maximum(norm, clip));
}

function isAbove(tensor: tf.Tensor, limit: number): tf.Tensor {
  return tf.cast(tf.greater(tensor, limit), 'float32');
}

/**
 * Adam for one parameter; all shapes are equal.
 *
 * @param rate from `adamRate`
 */
export function adam(
  parameter: tf.Tensor,
  gradient: tf.Tensor,
  m: tf.Tensor,
  v: tf.Tensor,
  rate: number,
): Update {
  const nextM = tf.add(tf.mul(m, BETA1), tf.mul(gradient, 1 - BETA1));
  const nextV = tf.add(tf.mul(v, BETA2), tf.mul(tf.square(gradient), 1 - BETA2));
  const change = tf.div(tf.mul(nextM, rate), tf.add(tf.sqrt(nextV), EPSILON));
  return { parameter: tf.sub(parameter, change), m: nextM, v: nextV };
}

/** Plain gradient descent for one parameter. */
export function sgd(parameter: tf.Tensor, gradient: tf.Tensor, lr: number): Update {
  return {
    parameter: tf.sub(parameter, tf.mul(gradient, lr)),
  };
}
