/** @file Joins executors into one, whose slots take their runs from one queue. */

import type { Executor } from './executor.js';

/** Creates an executor that has the slots of all parts, in their order. */
export function combineExecutors(parts: readonly Executor[]): Executor {
  const slots = parts.flatMap((executor) =>
    Array.from({ length: executor.slots }, (_, slot) => ({ executor, slot })),
  );
  const at = (slot: number): { executor: Executor; slot: number } => {
    const found = slots[slot];
    if (!found) throw new RangeError(`expected a slot below ${slots.length}, got ${slot}`);
    return found;
  };
  return {
    slots: slots.length,
    accepts: (run, slot) => {
      const own = at(slot);
      return own.executor.accepts?.(run, own.slot) ?? true;
    },
    execute: (job, slot, onStep, signal) => {
      const own = at(slot);
      return own.executor.execute(job, own.slot, onStep, signal);
    },
    dispose: () => {
      for (const executor of parts) executor.dispose();
    },
  };
}
