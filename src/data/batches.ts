/** @file Which examples a step sees: a pure function of seed and step. */

import { permutation, rng } from '../rng.js';

/**
 * The batches of a run: an endless concatenation of permutations of the training set, cut every `batch` examples.
 * A batch may span two passes, and none is short.
 *
 * @param count training examples, at least `batch`
 * @returns from a step (1, 2, …) to its example indices `[batch]`; the array is used again by the next call
 */
export function batches(seed: number, count: number, batch: number): (step: number) => Int32Array {
  const indices = new Int32Array(batch);
  let pass = -1;
  let order: Int32Array = new Int32Array(0);
  return (step) => {
    for (let j = 0; j < batch; j++) {
      const position = (step - 1) * batch + j;
      const wanted = Math.floor(position / count);
      if (wanted !== pass) {
        pass = wanted;
        order = permutation(rng(seed, 'shuffle', pass), count);
      }
      indices[j] = order[position % count];
    }
    return indices;
  };
}
