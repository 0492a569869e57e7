/** @file Folding and reordering the weights, compared with the project's own forward pass. */

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { parametersOf, predict } from '../engines/autodiff/model.js';
import { type ModelSpec, parameterShapes, sizeOf } from '../model/spec.js';
import type { NamedArray } from '../model/state.js';
import { rng, truncatedNormal } from '../rng.js';
import { lstmTensors, ONNX_GATES } from './onnx.js';
import { KERAS_GATES, kerasWeights } from './tfjs.js';
import { GATES, type PlainModel, plainModel, reorderGates } from './weights.js';

const [IMAGES, SIZE, UNITS, CLASSES] = [3, 5, 3, 4];
const FORGET_BIAS = 0.7;

before(async () => {
  tf.enableProdMode();
  await tf.setBackend('cpu');
});

/** Weights of a size at which every gate matters. */
function draw(model: 'base' | 'wn'): Map<string, NamedArray> {
  const shapes = parameterShapes({ model, units: UNITS, inputs: SIZE, classes: CLASSES });
  return new Map(
    Object.entries(shapes).map(([name, shape]) => [
      name,
      { shape, data: truncatedNormal(rng('export', name), sizeOf(shape), 0.8) },
    ]),
  );
}

const images = truncatedNormal(rng('export', 'images'), IMAGES * SIZE * SIZE, 1);

/** The logits of the project's own model, one row per image. */
function expectedLogits(model: 'base' | 'wn'): number[][] {
  const spec = { model, units: UNITS, forgetBias: FORGET_BIAS } as ModelSpec;
  const tensors = new Map(
    [...draw(model)].map(([name, { shape, data }]) => [name, tf.tensor(data, [...shape])]),
  );
  const x = tf.tensor3d(images, [IMAGES, SIZE, SIZE]);
  return predict(spec, parametersOf(tensors), x).arraySync();
}

/** The weight of an input for a gate of a unit. */
type Weight = (gate: string, unit: number, input: number) => number;

/** A plain LSTM in 64 bits, written from the equations, without forget bias or normalisation. */
function logits(
  image: number,
  x: Weight,
  h: Weight,
  b: (gate: string, unit: number) => number,
  model: PlainModel,
) {
  const sum = (length: number, term: (at: number) => number): number =>
    Array.from({ length }, (_, at) => term(at)).reduce((total, value) => total + value, 0);
  const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
  let hidden: number[] = Array(UNITS).fill(0);
  let cells: number[] = Array(UNITS).fill(0);
  for (let row = 0; row < SIZE; row++) {
    const z = (gate: string, unit: number): number =>
      b(gate, unit) +
      sum(SIZE, (column) => images[(image * SIZE + row) * SIZE + column]! * x(gate, unit, column)) +
      sum(UNITS, (other) => hidden[other]! * h(gate, unit, other));
    cells = cells.map(
      (c, unit) => sigmoid(z('f', unit)) * c + sigmoid(z('i', unit)) * Math.tanh(z('g', unit)),
    );
    hidden = cells.map((c, unit) => sigmoid(z('o', unit)) * Math.tanh(c));
  }
  return Array.from(
    { length: CLASSES },
    (_, k) => model.predB[k]! + sum(UNITS, (unit) => hidden[unit]! * model.predW[unit * CLASSES + k]!),
  );
}

function assertEqualLogits(actual: (image: number) => number[], kind: 'base' | 'wn'): void {
  for (const [image, row] of expectedLogits(kind).entries())
    for (const [k, expected] of row.entries()) {
      const got = actual(image)[k]!;
      assert.ok(Math.abs(got - expected) < 1e-5, `image ${image}, class ${k}: ${got} instead of ${expected}`);
    }
}

for (const kind of ['base', 'wn'] as const) {
  test(`${kind}: Keras' gates i, f, c, o give the logits of the project's own forward pass`, () => {
    const model = plainModel(draw(kind), FORGET_BIAS);
    const [[, , kernel], [, , recurrent], [, , bias]] = kerasWeights(model) as [
      [string, number[], Float32Array],
      [string, number[], Float32Array],
      [string, number[], Float32Array],
    ];
    const column = (gate: string, unit: number): number => ['i', 'f', 'g', 'o'].indexOf(gate) * UNITS + unit;
    const from =
      (matrix: Float32Array): Weight =>
      (gate, unit, input) =>
        matrix[input * 4 * UNITS + column(gate, unit)]!;
    assertEqualLogits(
      (image) => logits(image, from(kernel), from(recurrent), (...at) => bias[column(...at)]!, model),
      kind,
    );
  });

  test(`${kind}: ONNX's gates i, o, f, c in rows give the logits of the project's own forward pass`, () => {
    const model = plainModel(draw(kind), FORGET_BIAS);
    const { w, r, b } = lstmTensors(model);
    const row = (gate: string, unit: number): number => ['i', 'o', 'f', 'g'].indexOf(gate) * UNITS + unit;
    const from =
      (matrix: Float32Array, inputs: number): Weight =>
      (gate, unit, input) =>
        matrix[row(gate, unit) * inputs + input]!;
    assert.ok(b.subarray(4 * UNITS).every((value) => value === 0));
    assertEqualLogits(
      (image) => logits(image, from(w, SIZE), from(r, UNITS), (...at) => b[row(...at)]!, model),
      kind,
    );
  });
}

test('reordering moves whole gates, in each row', () => {
  const rows = Float32Array.of(1, 1, 2, 2, 3, 3, 4, 4, 10, 11, 20, 21, 30, 31, 40, 41);
  assert.deepEqual([...reorderGates(rows, 2, GATES)], [...rows]);
  assert.deepEqual(
    [...reorderGates(rows, 2, KERAS_GATES)],
    [1, 1, 2, 2, 4, 4, 3, 3, 10, 11, 20, 21, 40, 41, 30, 31],
  );
  assert.deepEqual(
    [...reorderGates(rows, 2, ONNX_GATES)],
    [1, 1, 3, 3, 2, 2, 4, 4, 10, 11, 30, 31, 20, 21, 40, 41],
  );
});

test('each folded column has the length of its gain, and a column of zeros stays zero', () => {
  const weights = draw('wn');
  const { shape, data } = weights.get('lstm/w_x')!;
  for (let at = 2; at < data.length; at += 4 * UNITS) data[at] = 0;
  weights.set('lstm/w_x', { shape, data });
  const { wx } = plainModel(weights, 0);
  for (let column = 0; column < 4 * UNITS; column++) {
    const length = Math.hypot(...Array.from({ length: SIZE }, (_, row) => wx[row * 4 * UNITS + column]!));
    const gain = column === 2 ? 0 : Math.abs(weights.get('lstm/g_x')!.data[column]!);
    assert.ok(Math.abs(length - gain) < 1e-6, `column ${column}`);
  }
});
