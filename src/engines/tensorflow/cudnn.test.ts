/**
 * @file The recurrence on cuDNN, tested without a GPU: both ops are simulated from NVIDIA's and TensorFlow's
 * documentation by code that unpacks the flat parameters and differentiates by autodiff.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { foreignTensor, type OpenedTensorFlow, openTensorFlow } from '../../tensorflow/backend.js';
import { type Attribute, TF } from '../../tensorflow/binding.js';
import { chooseInstallation } from '../../tensorflow/install/choose.js';
import { createOps, type Ops } from '../../tensorflow/ops.js';
import { unavailable } from '../oracle.testing.js';
import { createCudnnRecurrence } from './cudnn.js';
import { opDefinitions } from './kernels.testing.js';
import { chooseRecurrence, probeCudnn } from './probe.js';
import { createBlockRecurrence, type Recurrence, type RecurrenceShape } from './recurrence.js';

const skip = await unavailable('tensorflow');

async function open(): Promise<{ opened: OpenedTensorFlow; op: Ops }> {
  const opened = await openTensorFlow(chooseInstallation('cpu').directory, { device: 'cpu', threads: 1 });
  return { opened, op: createOps(opened) };
}

const definitions = opDefinitions();

/** The inputs of an op by the names of TensorFlow's own definition. */
function byName(op: string, inputs: readonly tf.Tensor[]): Record<string, tf.Tensor> {
  assert.equal(inputs.length, definitions[op]!.inputs.length);
  return Object.fromEntries(definitions[op]!.inputs.map((name, at) => [name, inputs[at]!]));
}

/**
 * The LSTM as cuDNN documents it: `i = σ(W_i x + R_i h + bW_i + bR_i)`, f and o likewise, `c' = tanh(W_c x + …)`.
 *
 * @param flat W_i, W_f, W_c, W_o `[H, I]` each, R likewise `[H, H]`, then bW and bR `[H]` each, in one row
 * @returns hidden states of all time steps, the last one, and the last cell state
 */
function documentedLstm(flat: tf.Tensor, x: tf.Tensor, h0: tf.Tensor, c0: tf.Tensor, gates: number[]) {
  const [timeSteps, batch, inputs] = x.shape as [number, number, number];
  const units = h0.size / batch;
  let at = 0;
  const take = (...shape: number[]): tf.Tensor => {
    const size = shape.reduce((product, each) => product * each, 1);
    at += size;
    return tf.reshape(tf.slice(flat, [at - size], [size]), shape);
  };
  const four = <T>(make: () => T): T[] => [0, 1, 2, 3].map(make);
  const w = four(() => take(units, inputs) as tf.Tensor2D);
  const r = four(() => take(units, units) as tf.Tensor2D);
  const bw = four(() => take(units));
  const br = four(() => take(units));
  assert.equal(at, flat.size);
  let h = tf.reshape(h0, [batch, units]) as tf.Tensor2D;
  let c: tf.Tensor = tf.reshape(c0, [batch, units]);
  const all = Array.from({ length: timeSteps }, (_, t) => {
    const xt = tf.reshape(tf.slice(x, [t, 0, 0], [1, batch, inputs]), [batch, inputs]) as tf.Tensor2D;
    const [i, f, g, o] = gates.map((gate) =>
      tf.add(
        tf.add(tf.matMul(xt, w[gate]!, false, true), bw[gate]!),
        tf.add(tf.matMul(h, r[gate]!, false, true), br[gate]!),
      ),
    );
    c = tf.add(tf.mul(tf.sigmoid(f!), c), tf.mul(tf.sigmoid(i!), tf.tanh(g!)));
    h = tf.mul(tf.sigmoid(o!), tf.tanh(c));
    return h;
  });
  return { output: tf.stack(all), outputH: tf.stack([h]), outputC: tf.stack([c]) };
}

/** Ops with a simulated cuDNN. `gates` sets the order of its gates; the probe must detect a wrong one. */
function opsWithCudnn({ opened, op }: { opened: OpenedTensorFlow; op: Ops }, gates = [0, 1, 2, 3]): Ops {
  let returned: tf.Tensor[] = [];
  const run = (
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly tf.Tensor[],
    outputs: number,
  ): tf.Tensor[] => {
    if (name === 'CudnnRNNV3') {
      const { input, input_h, input_c, params, sequence_lengths } = byName(name, inputs);
      const [timeSteps, batch] = input!.shape;
      assert.deepEqual([...sequence_lengths!.dataSync()], new Array(batch).fill(timeSteps));
      const { output, outputH, outputC } = documentedLstm(params!, input!, input_h!, input_c!, gates);
      const hostReserved = foreignTensor(opened, [], TF.TF_INT8, Uint8Array.of(7));
      returned = [output, outputH, outputC, tf.ones([3]), hostReserved];
      return returned;
    }
    if (name === 'CudnnRNNBackpropV3') {
      const given = byName(name, inputs);
      for (const [at, name] of definitions.CudnnRNNV3!.outputs.entries())
        assert.equal(given[name]!.id, returned[at]!.id, `${name} is passed unchanged`);
      const weighted = (params: tf.Tensor): tf.Scalar => {
        const made = documentedLstm(params, given.input!, given.input_h!, given.input_c!, gates);
        return tf.addN([
          tf.sum(tf.mul(made.output, given.output_backprop!)),
          tf.sum(tf.mul(made.outputH, given.output_h_backprop!)),
          tf.sum(tf.mul(made.outputC, given.output_c_backprop!)),
        ]) as tf.Scalar;
      };
      for (const part of ['', '_h', '_c'])
        assert.deepEqual(given[`output${part}`]!.shape, given[`output${part}_backprop`]!.shape);
      return [given.input!, given.input_h!, given.input_c!, tf.grad(weighted)(given.params!)];
    }
    return op.run(name, attributes, inputs, outputs);
  };
  return { ...op, run: run as Ops['run'] };
}

function random(seed: number, ...shape: number[]): tf.Tensor {
  return tf.randomUniform(shape, -1, 1, 'float32', seed);
}

function results(
  recurrence: Recurrence,
  { timeSteps, batch, inputs, units }: RecurrenceShape,
): Float32Array[] {
  const read = tf.tidy(() => {
    const x = random(1, timeSteps, batch, inputs);
    const { h, backward } = recurrence.forward(x, random(2, inputs + units, 4 * units), random(3, 4 * units));
    const { dw, db } = backward(random(4, batch, units));
    assert.deepEqual(
      [h.shape, dw.shape, db.shape],
      [[batch, units], [inputs + units, 4 * units], [4 * units]],
    );
    return [h, dw, db].map((tensor) => tensor.dataSync() as Float32Array);
  });
  recurrence.dispose();
  return read;
}

test('the cuDNN recurrence and both of its gradients equal those of BlockLSTM', { skip }, async () => {
  const { opened, op } = await open();
  const before = opened.binding.getNumOfTensors();
  for (const [timeSteps, batch, inputs, units] of [
    [5, 3, 4, 6],
    [1, 2, 3, 2],
    [3, 1, 7, 1],
  ] as const) {
    const shape = { timeSteps, batch, inputs, units };
    const expected = results(createBlockRecurrence(opened, op, shape), shape);
    const actual = results(createCudnnRecurrence(opsWithCudnn({ opened, op }), shape), shape);
    for (const [at, name] of ['h', 'dw', 'db'].entries()) {
      const largest = expected[at]!.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expected[at]!.forEach((value, index) => {
        assert.ok(
          Math.abs(actual[at]![index]! - value) <= 1e-5 * largest,
          `${name}[${index}], ${timeSteps} steps`,
        );
      });
    }
  }
  assert.equal(opened.binding.getNumOfTensors(), before);
});

test('TensorFlow knows both cuDNN ops with these attributes, and on a CPU only their kernels are missing', {
  skip,
}, async () => {
  const { opened, op } = await open();
  const shape = { timeSteps: 2, batch: 1, inputs: 1, units: 1 };
  const runs: string[] = [];
  const simulated = opsWithCudnn({ opened, op });
  const real: Ops = {
    ...op,
    run: (name, attributes, inputs, outputs) => {
      if (!name.startsWith('Cudnn')) return op.run(name, attributes, inputs, outputs);
      runs.push(name);
      assert.deepEqual(
        attributes.map((each) => each.name).sort(),
        [...definitions[name]!.attributes].sort(),
        'every attribute is given',
      );
      assert.throws(
        () => op.run(name, attributes, inputs, outputs),
        /No OpKernel|no supported kernel|not find/i,
      );
      const wrong = [...attributes, { name: 'nonsense', type: TF.TF_ATTR_INT, value: 1 }];
      assert.throws(() => op.run(name, wrong, inputs, outputs), /nonsense/);
      return simulated.run(name, attributes, inputs, outputs);
    },
  };
  results(createCudnnRecurrence(real, shape), shape);
  assert.deepEqual(runs, ['CudnnRNNV3', 'CudnnRNNBackpropV3']);
});

test('if cuDNN fails or disagrees, BlockLSTM is used and one line gives the reason', {
  skip,
}, async () => {
  const { opened, op } = await open();
  const onGpu: OpenedTensorFlow = { ...opened, binding: { ...opened.binding, isUsingGpuDevice: () => true } };
  const before = opened.binding.getNumOfTensors();
  assert.match(probeCudnn(opened, op) ?? '', /^[^\n]*CudnnRNNV3[^\n]*$/);
  assert.match(probeCudnn(opened, opsWithCudnn({ opened, op }, [0, 1, 3, 2])) ?? '', /^its h differs by/);
  assert.equal(probeCudnn(opened, opsWithCudnn({ opened, op })), null);
  assert.match(chooseRecurrence(onGpu, op).description, /^BlockLSTMV2 \(cuDNN does not work: .*CudnnRNNV3/);
  assert.equal(chooseRecurrence(onGpu, opsWithCudnn({ opened, op })).description, 'CudnnRNNV3');
  assert.equal(chooseRecurrence(onGpu, op, 'block').description, 'BlockLSTMV2');
  assert.equal(chooseRecurrence(opened, op).description, 'BlockLSTMV2');
  assert.equal(opened.binding.getNumOfTensors(), before);
});
