/**
 * @file The LSTM over all time steps as cuDNN computes it: `CudnnRNNV3` and `CudnnRNNBackpropV3`, on GPUs only. cuDNN
 * has its parameters in one flat buffer: a matrix a gate for x, one a gate for h, and two biases a gate, of which only
 * their sum matters.
 *
 * @see https://docs.nvidia.com/deeplearning/cudnn, cudnnGetRNNWeightParams; tensorflow/core/kernels/cudnn_rnn_ops.cc
 */

import * as tf from '@tensorflow/tfjs';
import { type Attribute, TF } from '../../tensorflow/binding.js';
import type { Ops } from './ops.js';
import { createConstants, type Recurrence, type RecurrenceShape } from './recurrence.js';

/** Of both ops. */
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

/** Always as for training, so that evaluation runs the one path that the probe has tried. */
const TRAINING: Attribute = { name: 'is_training', type: TF.TF_ATTR_BOOL, value: true };

/** The recurrence on cuDNN, for a batch of one size. */
export function createCudnnRecurrence(op: Ops, shape: RecurrenceShape): Recurrence {
  const { timeSteps, batch, inputs, units } = shape;
  const { keep, lazily, ints, dispose } = createConstants();
  const order = packingOrder(shape);
  const rows = inputs + units;
  const place = new Int32Array(order.length); // the other way round; what the zero stands for does not matter
  order.forEach((from, to) => {
    place[from] = to;
  });
  const packing = keep(tf.tensor1d(order));
  const weightPlaces = keep(tf.tensor2d(place.slice(0, rows * 4 * units), [rows, 4 * units]));
  const biasPlaces = keep(tf.tensor1d(place.slice(rows * 4 * units, (rows + 1) * 4 * units)));
  const state = keep(tf.zeros([1, batch, units]));
  const noGradient = lazily(() => tf.zeros([timeSteps, batch, units])); // evaluation needs none
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
      // output, output_h, output_c, reserve_space, host_reserved (int8)
      const outputs = op.run('CudnnRNNV3', [...ATTRIBUTES, TRAINING], given, 5);
      return { h: op.reshape(outputs[1], lastShape), passed: { inputs: given, outputs } };
    },
    backward: ({ inputs: given, outputs }, dh) => {
      const [output, outputH, outputC, reserved, hostReserved] = outputs;
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
    dispose,
  };
}

/**
 * Where each number of cuDNN's buffer lies in w `[I + H, 4H]`, b `[4H]` and a zero, one after the other: matrices
 * `[H, I]` of the gates i, f, g, o, matrices `[H, H]` likewise, the biases of x, the biases of h.
 */
export function packingOrder({ inputs, units }: Pick<RecurrenceShape, 'inputs' | 'units'>): Int32Array {
  const columns = 4 * units;
  const rows = inputs + units;
  const order: number[] = [];
  for (const [from, to] of [
    [0, inputs],
    [inputs, rows],
  ]) {
    for (let column = 0; column < columns; column++) {
      for (let row = from; row < to; row++) order.push(row * columns + column);
    }
  }
  const biases = Array.from({ length: columns }, (_, column) => rows * columns + column);
  const zero = (rows + 1) * columns;
  return Int32Array.from([...order, ...biases, ...biases.map(() => zero)]);
}
