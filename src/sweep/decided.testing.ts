/** @file Decides the backends of a sweep for tests: the arms compute with native or wasm. */

import { parseResolvedConfig } from '../config.js';
import { CANONICAL } from '../engines/arithmetic.js';
import type { Sweep } from './grid.js';
import type { DecidedSweep } from './plan.js';

/** A sweep whose backends are decided; each arm must name its own. */
export function decided(sweep: Sweep): DecidedSweep {
  return {
    ...sweep,
    arms: sweep.arms.map((arm) => ({
      ...arm,
      config: parseResolvedConfig(arm.config, arm.name),
      arithmetic: CANONICAL,
    })),
  };
}
