/** @file What an engine holds besides its data: named arrays, and the sums over steps. */

/** An array with a shape, row-major. */
export interface NamedArray {
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | Int32Array;
}

/** Sums over `count` steps; divided by `count` they are what the CSVs show. */
export interface StepMetrics {
  readonly count: number;
  readonly loss: number;
  readonly accuracy: number;
  /** Global gradient norm before and after clipping. */
  readonly gradNorm: number;
  readonly gradNormClipped: number;
  /** Share clipped of variables (norm), of steps (global-norm) or of elements (value). */
  readonly clipFraction: number;
}

/** The sums over no steps. */
export const NO_METRICS: StepMetrics = {
  count: 0,
  loss: 0,
  accuracy: 0,
  gradNorm: 0,
  gradNormClipped: 0,
  clipFraction: 0,
};

/** Parameters, optimiser slots and sums not yet taken of an engine, by name. */
export type TrainingState = ReadonlyMap<string, NamedArray>;
