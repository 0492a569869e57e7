/** @file The binding on the CPU: values in and out, attributes of every type, errors, no leaked tensors. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unavailable } from '../engines/oracle.testing.js';
import { type Binding, createBinding, TensorFlowError, TF } from './binding.js';
import { chooseInstallation } from './install/choose.js';
import { loadTensorFlow } from './library.js';

const skip = await unavailable('tensorflow');

let made: Binding | undefined;

function open(): Binding {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  process.env.TF_ENABLE_ONEDNN_OPTS ??= '0';
  made ??= createBinding(loadTensorFlow(chooseInstallation('cpu').directory), { device: 'cpu', threads: 1 });
  return made;
}

const FLOAT = { name: 'T', type: TF.TF_ATTR_TYPE, value: TF.TF_FLOAT };

/** Runs an op with one output, reads the output and deletes all tensors. */
function evaluate(
  binding: Binding,
  name: string,
  attributes: { name: string; type: number; value: unknown }[],
  inputs: number[],
) {
  const [output] = binding.executeOp(name, attributes, inputs, 1);
  const values = binding.tensorDataSync(output!.id);
  for (const id of [output!.id, ...inputs]) binding.deleteTensor(id);
  return { shape: output!.shape, dtype: output!.dtype, values };
}

test('values of every type are returned unchanged', { skip }, () => {
  const binding = open();
  const same = (shape: number[], dtype: number, values: Float32Array | Int32Array | Uint8Array): void => {
    const id = binding.createTensor(shape, dtype, values);
    assert.deepEqual(binding.tensorDataSync(id), values);
    binding.deleteTensor(id);
  };
  same([2, 2], TF.TF_FLOAT, Float32Array.of(1, -2, Number.NaN, 4));
  same([], TF.TF_FLOAT, Float32Array.of(7));
  same([0], TF.TF_FLOAT, new Float32Array(0));
  same([3], TF.TF_INT32, Int32Array.of(1, 2, -3));
  same([2], TF.TF_BOOL, Uint8Array.of(0, 1));
  same([2], TF.TF_UINT8, Uint8Array.of(0, 255));
  same([2], TF.TF_INT8, Uint8Array.of(1, 255));
  const texts = [Buffer.from('a'), Buffer.from('a string that is too long to be stored inline, ä')].map(
    (text) => Uint8Array.from(text),
  );
  const strings = binding.createTensor([2], TF.TF_STRING, texts);
  assert.deepEqual(binding.tensorDataSync(strings), texts);
  binding.deleteTensor(strings);
});

test('attributes of every type reach the op', { skip }, () => {
  const binding = open();
  const floats = (...values: number[]): number =>
    binding.createTensor([values.length], TF.TF_FLOAT, Float32Array.from(values));
  const matrix = binding.createTensor([2, 3], TF.TF_FLOAT, Float32Array.of(1, 2, 3, 4, 5, 6));
  const axis = binding.createTensor([], TF.TF_INT32, Int32Array.of(1));
  const index = { name: 'Tidx', type: TF.TF_ATTR_TYPE, value: TF.TF_INT32 };
  const keep = { name: 'keep_dims', type: TF.TF_ATTR_BOOL, value: true };
  assert.deepEqual(evaluate(binding, 'Sum', [FLOAT, index, keep], [matrix, axis]).shape, [2, 1]);
  const alpha = { name: 'alpha', type: TF.TF_ATTR_FLOAT, value: 0.5 };
  assert.deepEqual(
    evaluate(binding, 'LeakyRelu', [FLOAT, alpha], [floats(-2, 2)]).values,
    Float32Array.of(-1, 2),
  );
  const packed = [
    { name: 'N', type: TF.TF_ATTR_INT, value: 2 },
    { name: 'axis', type: TF.TF_ATTR_INT, value: 0 },
    FLOAT,
  ];
  assert.deepEqual(evaluate(binding, 'Pack', packed, [floats(1), floats(2)]).shape, [2, 1]);
  const squeeze = { name: 'squeeze_dims', type: TF.TF_ATTR_INT, value: [0] };
  const row = binding.createTensor([1, 2], TF.TF_FLOAT, Float32Array.of(1, 2));
  assert.deepEqual(evaluate(binding, 'Squeeze', [FLOAT, squeeze], [row]).shape, [2]);
  const equation = { name: 'equation', type: TF.TF_ATTR_STRING, value: 'i,i->' };
  const einsum = [{ name: 'N', type: TF.TF_ATTR_INT, value: 2 }, equation, FLOAT];
  assert.deepEqual(
    evaluate(binding, 'Einsum', einsum, [floats(1, 2), floats(3, 4)]).values,
    Float32Array.of(11),
  );
});

test("an error has TensorFlow's message and leaves the binding usable", { skip }, () => {
  const binding = open();
  const before = binding.getNumOfTensors();
  const a = binding.createTensor([2, 3], TF.TF_FLOAT, new Float32Array(6));
  assert.throws(
    () => binding.executeOp('MatMul', [FLOAT], [a, a], 1),
    (error) => {
      assert.ok(error instanceof TensorFlowError);
      assert.match(error.message, /Matrix size-incompatible/);
      return true;
    },
  );
  assert.throws(() => binding.executeOp('NoSuchOp', [], [], 1), /NoSuchOp/);
  assert.throws(() => binding.executeOp('Square', [FLOAT], [123_456], 1), /no tensor 123456/);
  assert.equal(evaluate(binding, 'Square', [FLOAT], [a]).values.length, 6);
  assert.equal(binding.getNumOfTensors(), before);
});

test('using a deleted tensor is an error, not a crash', { skip }, () => {
  const binding = open();
  const id = binding.createTensor([], TF.TF_FLOAT, Float32Array.of(1));
  binding.deleteTensor(id);
  assert.throws(() => binding.tensorDataSync(id), TensorFlowError);
  assert.throws(() => binding.deleteTensor(id), TensorFlowError);
});

test('devices have names, types and memory', { skip }, () => {
  const { devices, device } = open();
  assert.equal(device.type, 'CPU');
  assert.ok(devices.every(({ name, memoryBytes }) => name.startsWith('/job:localhost') && memoryBytes > 0));
});
