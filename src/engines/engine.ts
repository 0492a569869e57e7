/** @file The interface between training and computation. */

import type { Dataset, Split } from '../data/mnist.js';
import { UserError } from '../errors.js';
import { type ModelSpec, type Parameter, parameterShapes, sizeOf } from '../model/spec.js';
import type { NamedArray, StepMetrics, TrainingState } from '../model/state.js';

/** Mean loss of a split, and its fraction of correct predictions. */
export interface Evaluation {
  readonly loss: number;
  readonly accuracy: number;
}

/** Computes one run: holds its parameters, its optimiser state and its data. */
export interface Engine {
  /** The device, for example "native avx512, 2 threads". */
  readonly device: string;
  /** Versions by name: of libraries, of the driver, and the model of the GPU. */
  readonly versions: Readonly<Record<string, string>>;
  /**
   * Runs one optimisation step on training examples. May return before the device is done.
   *
   * @param indices `[batch]`, into the training split
   * @param lr learning rate
   */
  step(indices: Int32Array, lr: number): void;
  /**
   * Returns the sums over the steps since the last call and resets them. Waits for the device: an engine whose device works
   * beside the processor returns a promise, so that other runs of this process go on. Call no other method before it resolves.
   */
  drainMetrics(): StepMetrics | Promise<StepMetrics>;
  /** Mean loss and accuracy over a complete split of the engine's data set. Waits like `drainMetrics`. */
  evaluate(split: Split): Evaluation | Promise<Evaluation>;
  /** Returns every parameter, optimiser slot and sum of metrics by name. Saving does not reset the metrics. */
  save(): TrainingState;
  /**
   * Replaces the state by one that an engine of the same spec saved. Keeps no reference to it.
   *
   * @throws {UserError} E_CHECKPOINT if an array is missing or has another shape
   */
  load(state: TrainingState): void;
  /** Frees all resources; the engine cannot be used afterwards. */
  dispose(): void;
}

/** What an engine is created from. */
export interface EngineInput {
  readonly spec: ModelSpec;
  readonly dataset: Dataset;
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** Number of threads. The results do not depend on it. */
  readonly threads: number;
  /** Number of engines that share the GPU at the same time; 1 if it is left out. The results do not depend on it. */
  readonly lanes?: number;
}

/** Names of the arrays of a state that are neither parameters nor optimiser slots. */
export const STEP = 'step';
export const METRICS = 'metrics';

/** The name of an optimiser slot in a state, for example `adam/m/lstm/w_x`. */
export function slotName(slot: 'm' | 'v', parameter: string): string {
  return `adam/${slot}/${parameter}`;
}

/** The state before the first step: the given parameters, moments of zero, no metrics. */
export function initialState({ spec, parameters }: Pick<EngineInput, 'spec' | 'parameters'>): TrainingState {
  const state = new Map<string, NamedArray>(parameters);
  for (const [name, shape] of Object.entries(parameterShapes(spec))) {
    if (spec.optimizer !== 'adam') break;
    for (const slot of ['m', 'v'] as const) {
      state.set(slotName(slot, name), { shape, data: new Float32Array(sizeOf(shape)) });
    }
  }
  state.set(STEP, { shape: [1], data: Int32Array.of(0) });
  return state.set(METRICS, { shape: [6], data: new Float64Array(6) });
}

/**
 * An array of a state.
 *
 * @throws {UserError} E_CHECKPOINT if it is missing or has another shape
 */
export function arrayIn(state: TrainingState, name: string, shape: readonly number[]): NamedArray {
  const array = state.get(name);
  if (array?.shape.join() === shape.join() && array.data.length === sizeOf(shape)) return array;
  throw mismatch(name, `[${shape.join(', ')}]`, array ? `[${array.shape.join(', ')}]` : 'nothing');
}

function mismatch(name: string, expected: string, got: string): UserError {
  return new UserError(
    'E_CHECKPOINT',
    `The checkpoint does not fit the model: expected ${expected} for ${name}, got ${got}.`,
    {
      hint: 'The checkpoint belongs to another run or is damaged. Restore it from a copy, or start the run over with `--force`.',
    },
  );
}

/** The sums of metrics in the order in which states store them. */
export function metricsToArray(sums: StepMetrics): NamedArray {
  const { count, loss, accuracy, gradNorm, gradNormClipped, clipFraction } = sums;
  return {
    shape: [6],
    data: Float64Array.of(count, loss, accuracy, gradNorm, gradNormClipped, clipFraction),
  };
}

/** The inverse of `metricsToArray`. */
export function metricsFromArray(data: Iterable<number>): StepMetrics {
  const [count = 0, loss = 0, accuracy = 0, gradNorm = 0, gradNormClipped = 0, clipFraction = 0] = data;
  return { count, loss, accuracy, gradNorm, gradNormClipped, clipFraction };
}

/**
 * Checks that a state has exactly the arrays of another: their names, shapes and types.
 *
 * @param own a state that the engine saved
 * @throws {UserError} E_CHECKPOINT naming the first difference
 */
export function checkState(own: TrainingState, given: TrainingState): void {
  const describe = (array: NamedArray | undefined): string =>
    array ? `${array.data.constructor.name.replace('Array', '')} [${array.shape.join(', ')}]` : 'nothing';
  for (const name of new Set([...own.keys(), ...given.keys()])) {
    const [expected, got] = [describe(own.get(name)), describe(given.get(name))];
    if (expected !== got) throw mismatch(name, expected, got);
  }
}
