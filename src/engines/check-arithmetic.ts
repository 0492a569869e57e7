/** @file Whether the fused backends compute, on this machine, what was recorded: all golden cases, for `wnlstm doctor`. */

import { UserError } from '../errors.js';
import { CANONICAL } from './arithmetic.js';
import { findDifferences, goldenCases } from './fused/golden.js';
import type { Kernel } from './fused/kernel.js';
import { chooseBackend, createKernel } from './select.js';

/** Threads cost a wasm kernel time to start, and change no result. */
const MOST_THREADS = { native: 64, wasm: 1 } as const;

/**
 * Computes all golden cases on native and wasm.
 *
 * @returns what was found, in a line
 * @throws {UserError} E_BACKEND if a backend that works gives other results
 */
export async function checkArithmetic(): Promise<string> {
  const checked: string[] = [];
  for (const backend of ['native', 'wasm'] as const) {
    let arithmetic: string;
    try {
      ({ arithmetic } = await chooseBackend({ backend, device: 'cpu' }));
    } catch (error) {
      if (error instanceof UserError) continue; // it does not work here, which is a finding of its own
      throw error;
    }
    const create = (): Promise<Kernel> => createKernel(backend);
    const differing = await findDifferences(create, arithmetic, goldenCases, MOST_THREADS[backend]);
    if (differing.length > 0) {
      throw new UserError(
        'E_BACKEND',
        `${backend} gives other results than were recorded in ${differing.length} of ${goldenCases.length} small trainings (${differing[0]}, …).`,
        { hint: 'Use another backend, and please report this with the output of `wnlstm doctor --json`.' },
      );
    }
    checked.push(arithmetic === CANONICAL ? backend : `${backend} (${arithmetic})`);
  }
  return `${checked.join(' and ')}: all ${goldenCases.length} recorded trainings, to the last bit`;
}
