/**
 * @file The LSTM over all time steps on cuDNN, with the ops `CudnnRNNV3` and `CudnnRNNBackpropV3`; GPUs only. cuDNN takes
 * its parameters in one flat buffer: per gate, a matrix for x, a matrix for h, and two biases that are added.
 *
 * @see https://docs.nvidia.com/deeplearning/cudnn, cudnnGetRNNWeightParams; tensorflow/core/kernels/cudnn_rnn_ops.cc
 */

import * as tf from '@tensorflow/tfjs';
import { type Attribute, TF } from '../../tensorflow/binding.js';
import type { Ops } from '../../tensorflow/ops.js';
import { createConstants, type Recurrence, type RecurrenceShape } from './recurrence.js';

/** The attributes of both ops. */
const ATTRIBUTES: readonly Attribute[] = [
  { name: 'T', type: TF.TF_ATTR_TYPE, value: TF.TF_FLOAT },
  { name: 'rnn_mode', type: TF.TF_ATTR_STRING, value: 'lstm' },
  { name: 'input_mode', type: TF.TF_ATTR_STRING, value: 'linear_input' },
  { name: 'direction', type: TF.TF_ATTR_STRING, value: 'unidirectional' },
  { name: 'dropout', type: TF.TF_ATTR_FLOAT, value: 0 },
  { name: 'seed', type: TF.TF_ATTR_INT, value: 0 },
  { name: 'seed2', type: TF.TF_ATTR_INT, value: 0 },
  { name: 'num_proj', type: TF.TF_ATTR_INT, value: 0 },
  { name: 'time_major', type: TF.TF_ATTR_BOOL, value: true },
];

/** Always true, so that evaluation uses the code path that the probe tested. */
const TRAINING: Attribute = { name: 'is_training', type: TF.TF_ATTR_BOOL, value: true };

/** Creates the recurrence on cuDNN, for one batch size. */
export function createCudnnRecurrence(op: Ops, shape: RecurrenceShape): Recurrence {
  const { timeSteps, batch, inputs, units } = shape;
  const { keep, lazily, ints, dispose } = createConstants();
  const order = packingOrder(shape);
  const rows = inputs + units;
  const place = new Int32Array(order.length); // the inverse of `order`; the place of the zero is not used
  order.forEach((from, to) => {
    place[from] = to;
  });
  const packing = keep(tf.tensor1d(order));
  const weightPlaces = keep(tf.tensor2d(place.slice(0, rows * 4 * units), [rows, 4 * units]));
  const biasPlaces = keep(tf.tensor1d(place.slice(rows * 4 * units, (rows + 1) * 4 * units)));
  const state = keep(tf.zeros([1, batch, units]));
  const noGradient = lazily(() => tf.zeros([timeSteps, batch, units])); // only for the backward pass
  const zero = keep(tf.zeros([1]));
  const lengths = keep(tf.tensor1d(new Int32Array(batch).fill(timeSteps)));
  const axis0 = keep(tf.scalar(0, 'int32'));
  const [flat, lastShape, stateShape] = [ints(-1), ints(batch, units), ints(1, batch, units)];
  return {
    forward: (x, w, b) => {
      const parameters = op.gather(
        op.concat(axis0, op.reshape(w, flat), b, zero),
        packing,
        axis0,
        TF.TF_FLOAT,
      );
      const given = [x, state, state, parameters, lengths];
      const [output, outputH, outputC, reserved, hostReserved] = op.run(
        'CudnnRNNV3',
        [...ATTRIBUTES, TRAINING],
        given,
        5,
      );
      return {
        h: op.reshape(outputH, lastShape),
        backward: (dh) => {
          const gradients = [noGradient(), op.reshape(dh, stateShape), state]; // of output, output_h, output_c
          const [, , , dparameters] = op.run(
            'CudnnRNNBackpropV3',
            ATTRIBUTES,
            [...given, output, outputH, outputC, ...gradients, reserved, hostReserved],
            4,
          ); // of input, input_h, input_c, params
          return {
            dw: op.gather(dparameters, weightPlaces, axis0, TF.TF_FLOAT),
            db: op.gather(dparameters, biasPlaces, axis0, TF.TF_FLOAT),
          };
        },
      };
    },
    dispose,
  };
}

/**
 * The position of each element of cuDNN's buffer in the concatenation of w `[I + H, 4H]`, b `[4H]` and one zero. The
 * buffer holds the matrices `[H, I]` of the gates i, f, g, o, their matrices `[H, H]`, the biases of x and those of h.
 */
export function packingOrder({ inputs, units }: Pick<RecurrenceShape, 'inputs' | 'units'>): Int32Array {
  const columns = 4 * units;
  const rows = inputs + units;
  const order: number[] = [];
  for (const [from, to] of [
    [0, inputs],
    [inputs, rows],
  ] as const) {
    for (let column = 0; column < columns; column++) {
      for (let row = from; row < to; row++) order.push(row * columns + column);
    }
  }
  const biases = Array.from({ length: columns }, (_, column) => rows * columns + column);
  const zero = (rows + 1) * columns;
  return Int32Array.from([...order, ...biases, ...biases.map(() => zero)]);
}
