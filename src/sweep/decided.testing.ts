/** @file A sweep as if its backends had been decided: all arms on native or wasm. */

import { CANONICAL } from '../engines/arithmetic.js';
import type { Sweep } from './grid.js';
import type { DecidedSweep } from './plan.js';

export function decided(sweep: Sweep): DecidedSweep {
  return {
    ...sweep,
    arms: sweep.arms.map((arm) => ({ ...arm, arithmetic: CANONICAL })),
  };
}
