/** @file The contract between training and arithmetic. */

import type { Dataset, Split } from '../data/mnist.js';
import { UserError } from '../errors.js';
import type { ModelSpec, Parameter } from '../model/spec.js';
import type { NamedArray, StepMetrics, TrainingState } from '../model/state.js';

/** A split's mean loss and share of correct predictions. */
export interface Evaluation {
  readonly loss: number;
  readonly accuracy: number;
}

/** The arithmetic of one run: parameters, optimiser state and the data they see. */
export interface Engine {
  /** What it runs on, e.g. "native avx512, 2 threads". */
  readonly device: string;
  /** Of what computes, by name: libraries, driver, GPU. */
  readonly versions: Readonly<Record<string, string>>;
  /**
   * One optimisation step on training examples. May return before the device is done.
   *
   * @param indices `[batch]`, into the training split
   * @param lr learning rate
   */
  step(indices: Int32Array, lr: number): void;
  /** Sums over the steps since the last call. The one call that waits. */
  drainMetrics(): StepMetrics;
  /** Mean loss and accuracy over a whole split of the engine's data set. */
  evaluate(split: Split): Evaluation;
  /** Every parameter, optimiser slot and the sums not yet taken, by name. Saving takes nothing. */
  save(): TrainingState;
  /**
   * Takes over a state that an engine of the same spec saved, and keeps no reference to it.
   *
   * @throws {UserError} E_CHECKPOINT if an array is missing, too many, or of another shape or type (see select.ts)
   */
  load(state: TrainingState): void;
  /** Frees what the engine holds; nothing may be called afterwards. */
  dispose(): void;
}

/** Everything an engine is made from. */
export interface EngineInput {
  readonly spec: ModelSpec;
  readonly dataset: Dataset;
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** How many threads to use; the results do not depend on it. */
  readonly threads: number;
}

/** The names of the arrays of a state that are neither parameters nor slots. */
export const STEP = 'step';
export const METRICS = 'metrics';

/** How states name an optimiser slot: `adam/m/lstm/w_x`. */
export function slotName(slot: 'm' | 'v', parameter: string): string {
  return `adam/${slot}/${parameter}`;
}

/** The sums in the order in which states store them. */
export function metricsToArray(sums: StepMetrics): NamedArray {
  return {
    shape: [6],
    data: Float64Array.of(
      sums.count,
      sums.loss,
      sums.accuracy,
      sums.gradNorm,
      sums.gradNormClipped,
      sums.clipFraction,
    ),
  };
}

export function metricsFromArray(data: ArrayLike<number>): StepMetrics {
  return {
    count: data[0],
    loss: data[1],
    accuracy: data[2],
    gradNorm: data[3],
    gradNormClipped: data[4],
    clipFraction: data[5],
  };
}

/**
 * Checks that a state has exactly the arrays of an engine: their names, shapes and types.
 *
 * @param own a state that the engine saved
 * @throws {UserError} E_CHECKPOINT naming what differs
 */
export function checkState(own: TrainingState, given: TrainingState): void {
  const describe = (array: NamedArray | undefined): string =>
    array ? `${array.data.constructor.name.replace('Array', '')} [${array.shape.join(', ')}]` : 'nothing';
  for (const name of new Set([...own.keys(), ...given.keys()])) {
    const [expected, got] = [describe(own.get(name)), describe(given.get(name))];
    if (expected === got) continue;
    throw new UserError(
      'E_CHECKPOINT',
      `The checkpoint does not fit the model: expected ${expected} for ${name}, got ${got}.`,
      {
        hint: 'It is of another run, or damaged. Put back a copy of it; `--force` starts the run over.',
      },
    );
  }
}
