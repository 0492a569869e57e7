/** @file The state of an engine: named arrays, and sums of metrics over steps. */

/** An array with a shape, row-major. */
export interface NamedArray {
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | Int32Array;
}

/** Sums over `count` steps. Divided by `count`, they are the values in the CSV files. */
export interface StepMetrics {
  readonly count: number;
  readonly loss: number;
  readonly accuracy: number;
  /** Global gradient norm before and after clipping. */
  readonly gradNorm: number;
  readonly gradNormClipped: number;
  /** Clipped fraction of variables (norm), of steps (global-norm) or of elements (value). */
  readonly clipFraction: number;
}

/** The sums over zero steps. */
export const NO_METRICS: StepMetrics = {
  count: 0,
  loss: 0,
  accuracy: 0,
  gradNorm: 0,
  gradNormClipped: 0,
  clipFraction: 0,
};

/** Parameters, optimiser slots and sums of metrics of an engine, by name. */
export type TrainingState = ReadonlyMap<string, NamedArray>;
