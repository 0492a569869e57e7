/** @file One training step in about ninety TensorFlow ops: the model of autodiff/model.ts with hand-derived gradients. */

import * as tf from '@tensorflow/tfjs';
import { BETA1, BETA2, EPSILON } from '../../model/adam.js';
import type { ModelSpec } from '../../model/spec.js';
import { TF } from '../../tensorflow/binding.js';
import type { Ops } from '../../tensorflow/ops.js';
import { createConstants, type Recurrence, type RecurrenceOutput } from './recurrence.js';

/** The variables that a step updates: parameters and moments as flat vectors `[N]`, sums of metrics `[6]`. */
export interface Variables {
  readonly flat: tf.Tensor;
  readonly m: tf.Tensor | null;
  readonly v: tf.Tensor | null;
  readonly sums: tf.Tensor;
}

/** A parameter's part of the flat vector. */
export interface Segment {
  readonly name: string;
  readonly shape: readonly number[];
  readonly size: number;
}

/**
 * A split on the device: pixels from 0 to 255 as float16 `[N, T · I]`, and labels as int64 `[N]`. float16 is exact for
 * these integers and, unlike uint8, has a gather kernel on GPUs.
 */
export interface DeviceExamples {
  readonly images: tf.Tensor;
  readonly labels: tf.Tensor;
}

/** The training step and the evaluation for one batch size. */
export interface Step {
  /**
   * @param indices int32 `[B]`
   * @param rate Adam's step size, or sgd's learning rate; a scalar
   */
  train(variables: Variables, examples: DeviceExamples, indices: tf.Tensor, rate: tf.Tensor): Variables;
  /** @returns sums over the examples at `indices` of the loss and of correct predictions, `[2]` */
  evaluate(flat: tf.Tensor, examples: DeviceExamples, indices: tf.Tensor): tf.Tensor;
  /** Frees the constants, including those of the recurrence. */
  dispose(): void;
}

type Parameters = ReadonlyMap<string, tf.Tensor>;

interface Forward {
  readonly logits: tf.Tensor;
  readonly h: tf.Tensor;
  readonly weights: Readonly<Record<'x' | 'h', Normalised>>;
  readonly backward: RecurrenceOutput['backward'];
}

/** A weight matrix, and the values that its gradient needs with weight normalisation. */
interface Normalised {
  readonly w: tf.Tensor;
  readonly scale?: tf.Tensor;
  readonly inverse?: tf.Tensor;
}

/**
 * Creates the step for a spec.
 *
 * @param recurrence for the batch size of `spec`
 */
export function createStep(
  op: Ops,
  recurrence: Recurrence,
  spec: ModelSpec,
  segments: readonly Segment[],
): Step {
  const { batch, units, timeSteps, inputs } = spec;
  const { keep: constant, ints, dispose } = createConstants();
  const scalar = (value: number): tf.Tensor => constant(tf.scalar(value));
  const axis0 = constant(tf.scalar(0, 'int32'));
  const axis1 = constant(tf.scalar(1, 'int32'));
  const one = scalar(1);
  const two = scalar(2);
  const smallestSquare = scalar(1e-12);
  const forgetBias = constant(
    tf.tensor1d(
      Float32Array.from({ length: 4 * units }, (_, at) =>
        Math.floor(at / units) === 1 ? spec.forgetBias : 0,
      ),
    ),
  );
  const perPixel = scalar(1 / 255);
  const perExample = scalar(1 / batch);
  const imageShape = ints(batch, timeSteps, inputs);
  const timeFirst = ints(1, 0, 2);
  const weightRows = ints(inputs, units);
  const sizes = ints(...segments.map(({ size }) => size));
  const shapes = new Map(
    segments.filter(({ shape }) => shape.length > 1).map(({ name, shape }) => [name, ints(...shape)]),
  );
  const flatShape = ints(-1);
  const segmentOf = constant(
    tf.tensor1d(
      segments.flatMap(({ size }, index) => new Array<number>(size).fill(index)),
      'int32',
    ),
  );
  const limit = scalar(spec.clip ?? 0);
  const lowest = scalar(-(spec.clip ?? 0));
  const zero = scalar(0);
  const [beta1, beta2, epsilon] = [scalar(BETA1), scalar(BETA2), scalar(EPSILON)];
  const [oneMinusBeta1, oneMinusBeta2] = [scalar(1 - BETA1), scalar(1 - BETA2)];

  const toFloat = (x: tf.Tensor, from: number): tf.Tensor => op.cast(x, from, TF.TF_FLOAT);

  /** Pixels from 0 to 1, `[T, B, I]`, of the examples at `indices`. */
  const rows = ({ images }: DeviceExamples, indices: tf.Tensor): tf.Tensor => {
    const pixels = toFloat(op.gather(images, indices, axis0, TF.TF_HALF), TF.TF_HALF);
    return op.transpose(op.reshape(op.multiply(pixels, perPixel), imageShape), timeFirst);
  };

  /** Parameters by name, from the flat vector. */
  const parameters = (flat: tf.Tensor): Parameters => {
    const parts = op.splitRows(flat, sizes, axis0);
    const shaped = (name: string, part: tf.Tensor): tf.Tensor => {
      const shape = shapes.get(name);
      return shape ? op.reshape(part, shape) : part;
    };
    const byName = new Map<string, tf.Tensor>();
    for (const [at, { name }] of segments.entries()) {
      const part = parts[at];
      if (part) byName.set(name, shaped(name, part));
    }
    return byName;
  };

  const normalise = (v: tf.Tensor, gain: tf.Tensor | undefined): Normalised => {
    if (!gain) return { w: v };
    const inverse = op.inverseRoot(op.maximum(op.sum(op.square(v), axis0), smallestSquare));
    const scale = op.multiply(gain, inverse);
    return { w: op.multiply(v, scale), scale, inverse };
  };

  /** Logits `[B, C]`, and the values that the gradient needs. */
  const logits = (p: Parameters, x: tf.Tensor): Forward => {
    const weights = {
      x: normalise(get(p, 'lstm/w_x'), p.get('lstm/g_x')),
      h: normalise(get(p, 'lstm/w_h'), p.get('lstm/g_h')),
    };
    const w = op.concat(axis0, weights.x.w, weights.h.w);
    const { h, backward } = recurrence.forward(x, w, op.add(get(p, 'lstm/b'), forgetBias));
    const scores = op.biasAdd(op.matMul(h, get(p, 'pred/w')), get(p, 'pred/b'));
    return { logits: scores, h, weights, backward };
  };

  /** Backward of weight normalisation: `dg = <dw, v> / ‖v‖`, `dv = g / ‖v‖ (dw - v dg / ‖v‖)` (Salimans & Kingma 2016, eq. 3). */
  const weightNormBackward = (
    dw: tf.Tensor,
    v: tf.Tensor,
    { scale, inverse }: Normalised,
  ): [tf.Tensor, tf.Tensor | null] => {
    if (!scale || !inverse) return [dw, null];
    const dgain = op.multiply(op.sum(op.multiply(dw, v), axis0), inverse);
    const dv = op.multiply(scale, op.subtract(dw, op.multiply(v, op.multiply(dgain, inverse))));
    return [dv, dgain];
  };

  /** The gradients of all parameters, in the order of the segments. */
  const gradients = (p: Parameters, forward: Forward, dlogits: tf.Tensor): tf.Tensor[] => {
    const dh = op.matMul(dlogits, get(p, 'pred/w'), false, true);
    const { dw, db } = forward.backward(dh);
    const [dwx, dwh] = op.splitRows(dw, weightRows, axis0) as [tf.Tensor, tf.Tensor];
    const [dvx, dgx] = weightNormBackward(dwx, get(p, 'lstm/w_x'), forward.weights.x);
    const [dvh, dgh] = weightNormBackward(dwh, get(p, 'lstm/w_h'), forward.weights.h);
    const byName: Record<string, tf.Tensor | null> = {
      'lstm/w_x': dvx,
      'lstm/g_x': dgx,
      'lstm/w_h': dvh,
      'lstm/g_h': dgh,
      'lstm/b': db,
      'pred/w': op.matMul(forward.h, dlogits, true),
      'pred/b': op.biasAddGradient(dlogits),
    };
    return segments.map(({ name }) => byName[name] as tf.Tensor);
  };

  /** The clipped flat gradient, and three scalars: global norm before and after clipping, clipped fraction. */
  const clip = (parts: readonly tf.Tensor[]): [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor] => {
    const flat = op.concat(
      axis0,
      ...parts.map((part) => (part.rank > 1 ? op.reshape(part, flatShape) : part)),
    );
    const squares = op.multiply(op.pack(...parts.map((part) => op.halfSquare(part))), two);
    const norm = op.squareRoot(op.sum(squares, axis0));
    if (spec.clip === null) return [flat, norm, norm, zero];
    switch (spec.clipMode) {
      case 'norm': {
        const norms = op.squareRoot(squares);
        const scales = op.divide(limit, op.maximum(norms, limit));
        const after = op.squareRoot(op.sum(op.square(op.multiply(norms, scales)), axis0));
        const fraction = op.mean(toFloat(op.isGreater(norms, limit), TF.TF_BOOL), axis0);
        return [op.multiply(flat, op.gather(scales, segmentOf, axis0, TF.TF_FLOAT)), norm, after, fraction];
      }
      case 'global-norm': {
        const scale = op.divide(limit, op.maximum(norm, limit));
        return [
          op.multiply(flat, scale),
          norm,
          op.multiply(norm, scale),
          toFloat(op.isGreater(norm, limit), TF.TF_BOOL),
        ];
      }
      case 'value': {
        const clipped = op.maximum(op.minimum(flat, limit), lowest);
        const after = op.squareRoot(op.multiply(op.halfSquare(clipped), two));
        return [
          clipped,
          norm,
          after,
          op.mean(toFloat(op.isGreater(op.absolute(flat), limit), TF.TF_BOOL), axis0),
        ];
      }
      default:
        return spec.clipMode satisfies never;
    }
  };

  const update = (
    { flat, m, v }: Variables,
    gradient: tf.Tensor,
    rate: tf.Tensor,
  ): Omit<Variables, 'sums'> => {
    if (!m || !v) return { flat: op.subtract(flat, op.multiply(gradient, rate)), m, v };
    const nextM = op.add(op.multiply(m, beta1), op.multiply(gradient, oneMinusBeta1));
    const nextV = op.add(op.multiply(v, beta2), op.multiply(op.square(gradient), oneMinusBeta2));
    const change = op.divide(op.multiply(nextM, rate), op.add(op.squareRoot(nextV), epsilon));
    return { flat: op.subtract(flat, change), m: nextM, v: nextV };
  };

  /** 1 for each correct prediction, else 0, `[B]`. */
  const isCorrect = (scores: tf.Tensor, labels: tf.Tensor): tf.Tensor =>
    toFloat(op.equal(op.argMax(scores, axis1), labels), TF.TF_BOOL);

  const train: Step['train'] = (variables, examples, indices, rate) => {
    const p = parameters(variables.flat);
    const labels = op.gather(examples.labels, indices, axis0, TF.TF_INT64);
    const forward = logits(p, rows(examples, indices));
    const [losses, perExampleGradient] = op.softmaxCrossEntropy(forward.logits, labels);
    const loss = op.mean(losses, axis0);
    const accuracy = op.mean(isCorrect(forward.logits, labels), axis0);
    const [gradient, norm, after, fraction] = clip(
      gradients(p, forward, op.multiply(perExampleGradient, perExample)),
    );
    const sums = op.add(variables.sums, op.pack(one, loss, accuracy, norm, after, fraction));
    return { ...update(variables, gradient, rate), sums };
  };

  const evaluate: Step['evaluate'] = (flat, examples, indices) => {
    const labels = op.gather(examples.labels, indices, axis0, TF.TF_INT64);
    const scores = logits(parameters(flat), rows(examples, indices)).logits;
    const [losses] = op.softmaxCrossEntropy(scores, labels);
    return op.pack(op.sum(losses, axis0), op.sum(isCorrect(scores, labels), axis0));
  };

  return {
    train,
    evaluate,
    dispose: () => {
      dispose();
      recurrence.dispose();
    },
  };
}

function get(parameters: Parameters, name: string): tf.Tensor {
  const tensor = parameters.get(name);
  if (!tensor) throw new Error(`there is no parameter ${name}`);
  return tensor;
}
