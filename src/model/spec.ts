/** @file The model's parameters: their public names, shapes and initial values. */

import { rng, truncatedNormal } from '../rng.js';

/** What fixes the model and its arithmetic; sizes are numbers of elements. */
export interface ModelSpec {
  readonly model: 'base' | 'wn';
  readonly units: number;
  readonly batch: number;
  /** Rows of an image. */
  readonly timeSteps: number;
  /** Columns of an image. */
  readonly inputs: number;
  readonly classes: number;
  readonly forgetBias: number;
  readonly optimizer: 'adam' | 'sgd';
  readonly clip: number | null;
  readonly clipMode: 'norm' | 'global-norm' | 'value';
}

/** A parameter, row-major. */
export interface Parameter {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

const STD = 0.05;
const GAIN = 0.1;

/**
 * Initial values: matrices truncated normal with std 0.05, biases 0, gains 0.1. Each is addressed by its name, so the
 * `lstm/w_x` of base and the direction of wn start from the same draws.
 *
 * @param columnNorm if set, the length that every LSTM weight column starts with: the gain of wn, a rescaling of base
 */
export function initialParameters(
  spec: Pick<ModelSpec, 'model' | 'units' | 'inputs' | 'classes'>,
  seed: number,
  columnNorm: number | null,
): Map<string, Parameter> {
  const parameters = new Map<string, Parameter>();
  for (const [name, shape] of Object.entries(parameterShapes(spec))) {
    const length = sizeOf(shape);
    const isGain = name.startsWith('lstm/g');
    const data =
      shape.length === 2
        ? truncatedNormal(rng(seed, 'initial', name), length, STD)
        : new Float32Array(length);
    if (isGain) data.fill(columnNorm ?? GAIN);
    const parameter = { shape, data };
    if (name.startsWith('lstm/w') && spec.model === 'base' && columnNorm !== null)
      rescaleColumns(parameter, columnNorm);
    parameters.set(name, parameter);
  }
  return parameters;
}

/** Rescales each column of a matrix `[rows, columns]` to a norm. */
function rescaleColumns({ shape: [rows, columns], data }: Parameter, norm: number): void {
  for (let column = 0; column < columns; column++) {
    let square = 0;
    for (let row = 0; row < rows; row++)
      square += data[row * columns + column] * data[row * columns + column];
    const scale = norm / Math.max(Math.sqrt(square), 1e-6);
    for (let row = 0; row < rows; row++) data[row * columns + column] *= scale;
  }
}

/**
 * Names and shapes of the parameters, in their fixed order. Gates are i, f, o, g along the last axis of 4·units.
 * With weight normalisation `lstm/w_x` and `lstm/w_h` hold the direction v, `lstm/g_x` and `lstm/g_h` the lengths.
 */
export function parameterShapes(
  spec: Pick<ModelSpec, 'model' | 'units' | 'inputs' | 'classes'>,
): Readonly<Record<string, readonly number[]>> {
  const gates = 4 * spec.units;
  const gains = spec.model === 'wn';
  return {
    'lstm/w_x': [spec.inputs, gates],
    ...(gains && { 'lstm/g_x': [gates] }),
    'lstm/w_h': [spec.units, gates],
    ...(gains && { 'lstm/g_h': [gates] }),
    'lstm/b': [gates],
    'pred/w': [spec.units, spec.classes],
    'pred/b': [spec.classes],
  };
}

/** Elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
