/** @file Identities of weight normalisation, and its gradient compared with finite differences. */

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { rng, truncatedNormal } from '../../rng.js';
import { weightNorm } from './model.js';

const ROWS = 7;
const COLUMNS = 5;

function draw(name: string, shape: [number, number]): tf.Tensor2D {
  return tf.tensor2d(truncatedNormal(rng('weightNorm', name), shape[0] * shape[1], 1), shape);
}

function v(): tf.Tensor2D {
  return draw('v', [ROWS, COLUMNS]);
}

function gain(): tf.Tensor1D {
  return tf.tensor1d([0.1, 0.5, 1, 2, 3]);
}

function target(): tf.Tensor2D {
  return draw('target', [ROWS, COLUMNS]);
}

/** A smooth function of the weights. */
function loss(direction: tf.Tensor2D, length: tf.Tensor1D): tf.Scalar {
  return tf.sum(tf.square(tf.sub(weightNorm(direction, length), target())));
}

function gradients(direction: tf.Tensor2D, length: tf.Tensor1D): [tf.Tensor2D, tf.Tensor1D] {
  return tf.grads((a, b) => loss(a as tf.Tensor2D, b as tf.Tensor1D))([direction, length]) as [
    tf.Tensor2D,
    tf.Tensor1D,
  ];
}

function largest(x: tf.Tensor): number {
  return tf.max(tf.abs(x)).dataSync()[0]!;
}

before(async () => {
  tf.enableProdMode();
  await tf.setBackend('cpu');
});

test('weightNorm: the norm of each column is its gain', () => {
  const lengths = tf.norm(weightNorm(v(), gain()), 2, 0);
  assert.ok(largest(tf.sub(lengths, gain())) < 1e-6);
});

test('weightNorm: the gradient of v is orthogonal to v', () => {
  const [dv] = gradients(v(), gain());
  assert.ok(largest(tf.sum(tf.mul(dv, v()), 0)) < 1e-4 * largest(dv));
});

test('weightNorm: the loss is invariant to the scale of v, and the gradient scales inversely', () => {
  const scaled = tf.mul(v(), 8) as tf.Tensor2D;
  assert.ok(Math.abs(loss(scaled, gain()).dataSync()[0]! - loss(v(), gain()).dataSync()[0]!) < 1e-4);
  const [[dv], [dScaled]] = [gradients(v(), gain()), gradients(scaled, gain())];
  assert.ok(largest(tf.sub(tf.mul(dScaled, 8), dv)) < 1e-5 * largest(dv));
});

test('weightNorm: the gradient of the gain is the gradient of w along v', () => {
  const w = weightNorm(v(), gain());
  const dw = tf.grad((x: tf.Tensor) => tf.sum(tf.square(tf.sub(x, target()))))(w);
  const unit = weightNorm(v(), tf.ones([COLUMNS]));
  const [, dgain] = gradients(v(), gain());
  assert.ok(largest(tf.sub(dgain, tf.sum(tf.mul(dw, unit), 0))) < 1e-4);
});

test('weightNorm: its gradient equals finite differences', () => {
  const step = 1e-2;
  const [dv] = gradients(v(), gain());
  const values = v().dataSync();
  for (const at of [0, 11, 34]) {
    const moved = [step, -step].map((change) => {
      const copy = values.slice();
      copy[at]! += change;
      return loss(tf.tensor2d(copy, [ROWS, COLUMNS]), gain()).dataSync()[0];
    });
    const difference = (moved[0]! - moved[1]!) / (2 * step);
    assert.ok(Math.abs(difference - dv.dataSync()[at]!) < 2e-2 * largest(dv));
  }
});

test('weightNorm: a column of zeros gives finite weights and gradients', () => {
  const zero = tf.zeros([ROWS, COLUMNS]) as tf.Tensor2D;
  const [dv, dgain] = gradients(zero, gain());
  for (const tensor of [weightNorm(zero, gain()), dv, dgain])
    assert.ok(tensor.dataSync().every(Number.isFinite));
});
