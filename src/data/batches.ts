/** @file The examples of each step, as a pure function of seed and step. */

import { permutation, rng } from '../rng.js';

/**
 * The batches of a run: an infinite sequence of permutations of the training set, split into batches of equal size. A batch
 * may span two permutations.
 *
 * @param count number of training examples, at least `batch`
 * @returns a function from step (1, 2, …) to example indices `[batch]`, in an array that the next call overwrites
 */
export function batches(seed: number, count: number, batch: number): (step: number) => Int32Array {
  const indices = new Int32Array(batch);
  let pass = -1;
  let order: Int32Array = new Int32Array(0);
  return (step) => {
    for (let j = 0; j < batch; j++) {
      const position = (step - 1) * batch + j;
      const passAt = Math.floor(position / count);
      if (passAt !== pass) {
        pass = passAt;
        order = permutation(rng(seed, 'shuffle', pass), count);
      }
      indices[j] = order[position % count] as number;
    }
    return indices;
  };
}
