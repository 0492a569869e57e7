/** @file Names, shapes and initial values of the parameters. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rng, truncatedNormal } from '../rng.js';
import { initialParameters, type Parameter, parameterShapes, sizeOf } from './spec.js';

const base = { model: 'base', units: 5, inputs: 7, classes: 3 } as const;
const wn = { ...base, model: 'wn' } as const;

function dataOf(parameters: ReadonlyMap<string, Parameter>, name: string): Float32Array {
  const parameter = parameters.get(name);
  assert.ok(parameter, `there is no ${name}`);
  return parameter.data;
}

const matrices = ['lstm/w_x', 'lstm/w_h'];

/** Euclidean norm of each column of `data` `[rows, columns]`. */
function columnNorms(data: Float32Array, columns: number): number[] {
  return Array.from({ length: columns }, (_, column) =>
    Math.hypot(...data.filter((_, at) => at % columns === column)),
  );
}

test('the parameters of base have these names and shapes, in this order', () => {
  assert.deepEqual(Object.entries(parameterShapes(base)), [
    ['lstm/w_x', [7, 20]],
    ['lstm/w_h', [5, 20]],
    ['lstm/b', [20]],
    ['pred/w', [5, 3]],
    ['pred/b', [3]],
  ]);
});

test('the parameters of wn have a gain after each LSTM matrix', () => {
  assert.deepEqual(Object.entries(parameterShapes(wn)), [
    ['lstm/w_x', [7, 20]],
    ['lstm/g_x', [20]],
    ['lstm/w_h', [5, 20]],
    ['lstm/g_h', [20]],
    ['lstm/b', [20]],
    ['pred/w', [5, 3]],
    ['pred/b', [3]],
  ]);
});

test('100 units on MNIST are 52,610 parameters, 800 more with weight normalisation', () => {
  const total = (model: 'base' | 'wn'): number =>
    Object.values(parameterShapes({ model, units: 100, inputs: 28, classes: 10 }))
      .map(sizeOf)
      .reduce((sum, size) => sum + size, 0);
  assert.equal(total('base'), 28 * 400 + 100 * 400 + 400 + 100 * 10 + 10);
  assert.equal(total('wn') - total('base'), 800);
});

test('initial values have the names, shapes and order of the parameters', () => {
  for (const spec of [base, wn]) {
    for (const columnNorm of [null, 0.1]) {
      const parameters = initialParameters(spec, 0, columnNorm);
      assert.deepEqual(
        [...parameters].map(([name, { shape }]) => [name, shape]),
        Object.entries(parameterShapes(spec)),
      );
      for (const { shape, data } of parameters.values()) assert.equal(data.length, sizeOf(shape));
    }
  }
});

test('matrices are drawn from the truncated normal of std 0.05 at (seed, initial, name)', () => {
  for (const spec of [base, wn]) {
    const parameters = initialParameters(spec, 3, null);
    for (const name of [...matrices, 'pred/w']) {
      const data = dataOf(parameters, name);
      assert.deepEqual(data, truncatedNormal(rng(3, 'initial', name), data.length, 0.05));
    }
  }
});

test("base's weights and wn's directions start from the same draws", () => {
  const [one, other] = [initialParameters(base, 11, null), initialParameters(wn, 11, null)];
  for (const name of [...matrices, 'pred/w']) assert.deepEqual(dataOf(one, name), dataOf(other, name));
});

test('biases start at 0 and gains at 0.1', () => {
  for (const spec of [base, wn]) {
    const parameters = initialParameters(spec, 0, null);
    for (const name of ['lstm/b', 'pred/b']) assert.ok(dataOf(parameters, name).every((b) => b === 0));
  }
  const parameters = initialParameters(wn, 0, null);
  for (const name of ['lstm/g_x', 'lstm/g_h']) {
    assert.ok(dataOf(parameters, name).every((gain) => gain === Math.fround(0.1)));
  }
});

test('different seeds give different matrices, equal seeds equal ones', () => {
  for (const name of [...matrices, 'pred/w']) {
    const [one, again, other] = [0, 0, 1].map((seed) => dataOf(initialParameters(wn, seed, null), name));
    assert.deepEqual(one, again);
    assert.notDeepEqual(one, other);
  }
});

test('columnNorm sets the gains of wn and nothing else', () => {
  const [plain, set] = [initialParameters(wn, 0, null), initialParameters(wn, 0, 1.5)];
  for (const name of ['lstm/g_x', 'lstm/g_h']) {
    assert.ok(dataOf(set, name).every((gain) => gain === 1.5));
  }
  for (const name of [...matrices, 'lstm/b', 'pred/w', 'pred/b']) {
    assert.deepEqual(dataOf(set, name), dataOf(plain, name));
  }
});

test("columnNorm rescales the columns of base's LSTM matrices and nothing else", () => {
  const [plain, set] = [initialParameters(base, 0, null), initialParameters(base, 0, 1.5)];
  for (const name of matrices) {
    const norms = columnNorms(dataOf(plain, name), 20);
    assert.ok(columnNorms(dataOf(set, name), 20).every((norm) => Math.abs(norm - 1.5) < 1e-6));
    dataOf(set, name).forEach((weight, at) => {
      const expected = (dataOf(plain, name)[at]! * 1.5) / norms[at % 20]!;
      assert.ok(Math.abs(weight - expected) < 1e-6, `${name}[${at}]`);
    });
  }
  for (const name of ['lstm/b', 'pred/w', 'pred/b']) assert.deepEqual(dataOf(set, name), dataOf(plain, name));
});

test('with equal columnNorm, base and wn start as the same function', () => {
  const [one, other] = [initialParameters(base, 4, 0.1), initialParameters(wn, 4, 0.1)];
  for (const [matrix, gain] of [
    ['lstm/w_x', 'lstm/g_x'],
    ['lstm/w_h', 'lstm/g_h'],
  ]) {
    const v = dataOf(other, matrix!);
    const norms = columnNorms(v, 20);
    dataOf(one, matrix!).forEach((weight, at) => {
      const normalised = (dataOf(other, gain!)[at % 20]! * v[at]!) / norms[at % 20]!;
      assert.ok(Math.abs(weight - normalised) < 1e-7, `${matrix}[${at}]`);
    });
  }
});
