/** @file Reads the last weights of a completed run, and folds them into the matrices of a plain LSTM. */

import { UserError } from '../errors.js';
import { parameterShapes, sizeOf } from '../model/spec.js';
import type { NamedArray } from '../model/state.js';
import { hashWeights, readCheckpoint } from '../runs/checkpoint.js';
import { runPaths } from '../runs/paths.js';
import { RESTORE } from '../runs/progress.js';
import type { FoundRun } from '../runs/reading.js';

/** The order in which a format stores the gates; `g` is the cell candidate, which Keras and ONNX call `c`. */
export type GateOrder = readonly ['i', 'f' | 'o', 'f' | 'o' | 'g', 'f' | 'o' | 'g'];

/** The order in checkpoints. */
export const GATES = ['i', 'f', 'o', 'g'] as const satisfies GateOrder;

/** Sizes of a model, in elements. An image has as many rows, the time steps, as columns, the inputs. */
export interface Sizes {
  readonly inputs: number;
  readonly units: number;
  readonly classes: number;
}

/** A plain LSTM with a prediction layer; matrices are row-major, gates in the order i, f, o, g. */
export interface PlainModel extends Sizes {
  /** Input weights `[I, 4H]`. */
  readonly wx: Float32Array;
  /** Recurrent weights `[H, 4H]`. */
  readonly wh: Float32Array;
  /** Bias of the gates `[4H]`, with the forget bias. */
  readonly b: Float32Array;
  /** Weights `[H, C]` and bias `[C]` of the prediction layer. */
  readonly predW: Float32Array;
  readonly predB: Float32Array;
}

/**
 * The last weights of a completed run, by their public names.
 *
 * @throws {UserError} E_CHECKPOINT if the checkpoint is missing or damaged, or has other weights than the run ended with
 */
export function readWeights({ directory, record, summary, config }: FoundRun): Map<string, NamedArray> {
  const { checkpoints } = runPaths(directory);
  const { state } = readCheckpoint(checkpoints, summary?.steps ?? 0, record.run_id);
  const wrong = (message: string): UserError =>
    new UserError('E_CHECKPOINT', `${checkpoints}: ${message}.`, { hint: RESTORE });
  const recorded = summary?.weights_sha256; // earlier versions did not record it
  if (recorded && hashWeights(state) !== recorded)
    throw wrong('the SHA-256 of the last weights differs from the one in summary.json');
  const inputs = state.get('lstm/w_x')?.shape[0] ?? 0;
  const shapes = parameterShapes({ ...config, inputs, classes: record.data.classes ?? 10 }); // earlier versions: MNIST
  const weights = Object.entries(shapes).map(([name, shape]): [string, NamedArray] => {
    const array = state.get(name);
    if (array?.shape.join() === shape.join() && array.data instanceof Float32Array) return [name, array];
    throw wrong(`expected ${sizeOf(shape)} numbers of shape [${shape}] for ${name}, got [${array?.shape}]`);
  });
  return new Map(weights);
}

/** The last weights of a completed run as a plain LSTM. See `readWeights` for the errors. */
export function readPlainModel(run: FoundRun): PlainModel {
  return plainModel(readWeights(run), run.config.forgetBias);
}

/**
 * Folds weight normalisation and the forget bias into the matrices.
 *
 * @param weights arrays by their public names, see `parameterShapes`
 * @returns matrices that give the same gate inputs up to rounding
 */
export function plainModel(weights: ReadonlyMap<string, NamedArray>, forgetBias: number): PlainModel {
  const get = (name: string): NamedArray => {
    const array = weights.get(name);
    if (array) return array;
    throw new Error(`there are no weights ${name}`);
  };
  const [inputs = 0, gates = 0] = get('lstm/w_x').shape;
  const units = gates / GATES.length;
  const forget = GATES.indexOf('f') * units;
  const b = Float32Array.from(get('lstm/b').data, (bias, column) =>
    column >= forget && column < forget + units ? bias + forgetBias : bias,
  );
  return {
    inputs,
    units,
    classes: sizeOf(get('pred/b').shape),
    wx: normalised(get('lstm/w_x'), weights.get('lstm/g_x')),
    wh: normalised(get('lstm/w_h'), weights.get('lstm/g_h')),
    b,
    predW: Float32Array.from(get('pred/w').data),
    predB: Float32Array.from(get('pred/b').data),
  };
}

/**
 * The weights of directions and lengths.
 *
 * @param v directions `[D, K]`
 * @param gain length of each column `[K]`; undefined if `v` holds the weights themselves
 * @returns `gain · v / max(‖v‖, 1e-6)`, `[D, K]`, computed in 64 bits
 */
function normalised({ shape, data }: NamedArray, gain: NamedArray | undefined): Float32Array {
  if (!gain) return Float32Array.from(data);
  const columns = shape[1] ?? 1;
  const squares = new Float64Array(columns);
  for (const [at, value] of data.entries()) squares[at % columns] = (squares[at % columns] ?? 0) + value ** 2;
  const scales = squares.map(
    (square, column) => (gain.data[column] ?? 0) / Math.max(Math.sqrt(square), 1e-6),
  );
  return Float32Array.from(data, (value, at) => value * (scales[at % columns] ?? 0));
}

/**
 * Moves the gates into another order.
 *
 * @param values rows of `4H` numbers in the order i, f, o, g
 * @param units H
 */
export function reorderGates(values: Float32Array, units: number, order: GateOrder): Float32Array {
  const from = order.map((gate) => GATES.indexOf(gate));
  return values.map((_, at) => {
    const column = at % (4 * units);
    const gate = from[Math.floor(column / units)] ?? 0;
    return values[at - column + gate * units + (column % units)] ?? 0;
  });
}
