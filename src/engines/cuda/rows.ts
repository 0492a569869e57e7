/** @file How many rows of the batch a block computes. */

import { UserError } from '../../errors.js';
import type { ModelSpec } from '../../model/spec.js';
import { type BlockRows, type DeviceLimits, fits } from './network.js';

/**
 * The fewest rows per block with which all blocks of a pass run at once, among those that fit into shared memory.
 *
 * @param multiprocessors that the engine may use; a fraction of those of the GPU if several engines share it
 * @throws {UserError} E_BACKEND if the model does not fit
 */
export function chooseRows(spec: ModelSpec, limits: DeviceLimits, multiprocessors: number): BlockRows {
  const works = (rows: BlockRows): boolean => fits(spec, limits, rows);
  if (!works({ forward: 1, backward: 1 })) {
    throw new UserError(
      'E_BACKEND',
      `A model of ${spec.units} units does not fit into the shared memory of this GPU (${limits.sharedBytes} bytes).`,
      { hint: 'Reduce --units, or use `--backend native`, which gives the same results.' },
    );
  }
  const enough = (rows: number): boolean => Math.ceil(spec.batch / rows) <= multiprocessors;
  const forward = ([1, 2, 4] as const).filter((rows) => works({ forward: rows, backward: 1 }));
  const backward = ([1, 2, 4, 8] as const).filter((rows) => works({ forward: 1, backward: rows }));
  return {
    forward: forward.find(enough) ?? forward.at(-1) ?? 1,
    backward: backward.find(enough) ?? backward.at(-1) ?? 1,
  };
}
