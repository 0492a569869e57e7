/** @file A TensorFlow.js LayersModel of a run: model.json with the layers, and weights.bin. */

import { toJson } from '../files.js';
import type { FoundRun } from '../runs/reading.js';
import { describeRun } from './describe-run.js';
import { type GateOrder, type PlainModel, readPlainModel, reorderGates } from './weights.js';

/** Keras' order of the gates; it calls g "c". */
export const KERAS_GATES = ['i', 'f', 'g', 'o'] as const satisfies GateOrder;

/** A weight: its name, shape and values. */
type Weight = readonly [name: string, shape: readonly number[], data: Float32Array];

/**
 * Makes the files of a LayersModel from the last weights of a completed run. The input is float32 `[N, rows, columns]` with
 * pixels from 0 to 1, the output the probabilities `[N, classes]`.
 *
 * @returns the contents by file name
 * @throws {UserError} E_CHECKPOINT if the weights cannot be read
 */
export function tfjsFiles(run: FoundRun): Record<'model.json' | 'weights.bin', string | Uint8Array> {
  const { description, properties, version } = describeRun(run);
  const model = readPlainModel(run);
  const weights = kerasWeights(model);
  const specs = weights.map(([name, shape]) => ({ name, shape, dtype: 'float32' }));
  const arrays = weights.map(
    ([, , { buffer, byteOffset, byteLength }]) => new Uint8Array(buffer, byteOffset, byteLength),
  );
  return {
    'model.json': toJson({
      format: 'layers-model',
      generatedBy: `wnlstm ${version}`,
      convertedBy: null,
      modelTopology: topology(model),
      weightsManifest: [{ paths: ['weights.bin'], weights: specs }],
      userDefinedMetadata: { description, ...properties },
    }),
    'weights.bin': Buffer.concat(arrays),
  };
}

/** The weights of the two layers, with the gates in Keras' order. */
export function kerasWeights({ inputs, units, classes, wx, wh, b, predW, predB }: PlainModel): Weight[] {
  const ordered = (values: Float32Array): Float32Array => reorderGates(values, units, KERAS_GATES);
  return [
    ['lstm/kernel', [inputs, 4 * units], ordered(wx)],
    ['lstm/recurrent_kernel', [units, 4 * units], ordered(wh)],
    ['lstm/bias', [4 * units], ordered(b)],
    ['pred/kernel', [units, classes], predW],
    ['pred/bias', [classes], predB],
  ];
}

/** The layers. Initial values are zero, as others would be drawn and then replaced. */
function topology({ inputs, units, classes }: PlainModel): object {
  const zeros = { class_name: 'Zeros', config: {} };
  const common = { trainable: true, use_bias: true, kernel_initializer: zeros, bias_initializer: zeros };
  const layers = [
    {
      class_name: 'LSTM',
      config: {
        ...common,
        name: 'lstm',
        batch_input_shape: [null, inputs, inputs],
        dtype: 'float32',
        units,
        activation: 'tanh',
        recurrent_activation: 'sigmoid',
        recurrent_initializer: zeros,
        unit_forget_bias: false, // the bias contains it
        implementation: 2,
        return_sequences: false,
      },
    },
    {
      class_name: 'Dense',
      config: { ...common, name: 'pred', units: classes, activation: 'softmax' },
    },
  ];
  return {
    class_name: 'Sequential',
    config: { name: 'wnlstm', layers },
    keras_version: 'tfjs-layers 4.22.0',
    backend: 'tensor_flow.js',
  };
}
