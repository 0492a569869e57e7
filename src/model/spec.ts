/** @file The model's parameters: their public names, shapes and initial values. */

import { rng, truncatedNormal } from '../rng.js';

/** The options that define the model and its training step. Sizes are numbers of elements. */
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

/** The values of a parameter, row-major. */
export interface Parameter {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

const STD = 0.05;
const GAIN = 0.1;

/**
 * Draws the initial values: matrices from a truncated normal distribution with standard deviation 0.05, biases 0, gains
 * 0.1. The random numbers depend only on seed and name, so `lstm/w_x` starts from the same draws in base and wn.
 *
 * @param columnNorm initial norm of every column of the LSTM weights: sets the gains of wn, rescales the columns of base;
 *   null for no change
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
function rescaleColumns({ shape, data }: Parameter, norm: number): void {
  const columns = shape.at(-1) ?? 1;
  for (let column = 0; column < columns; column++) {
    let square = 0;
    for (let at = column; at < data.length; at += columns) {
      const weight = data[at] as number;
      square += weight * weight;
    }
    const scale = norm / Math.max(Math.sqrt(square), 1e-6);
    for (let at = column; at < data.length; at += columns) data[at] = (data[at] as number) * scale;
  }
}

/**
 * Names and shapes of the parameters, in a fixed order. Gates are i, f, o, g along the last axis of 4·units. With weight
 * normalisation `lstm/w_x` and `lstm/w_h` hold the direction v, and `lstm/g_x` and `lstm/g_h` the column norms.
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

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
