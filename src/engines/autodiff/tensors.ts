/** @file Tensors by parameter name. */

import type * as tf from '@tensorflow/tfjs';

/** Tensors by parameter name, in the order of the parameters. */
export type Tensors = ReadonlyMap<string, tf.Tensor>;

/** A value of a map that must exist. */
export function get<Value>(map: ReadonlyMap<string, Value>, name: string): Value {
  const value = map.get(name);
  if (value === undefined) throw new Error(`there is no tensor ${name}`);
  return value;
}
