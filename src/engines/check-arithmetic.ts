/** @file Compares the exact backends with the recorded results on this machine, in all golden cases, for `wnlstm doctor`. */

import { UserError } from '../errors.js';
import { CANONICAL, EXACT_BACKENDS } from './arithmetic.js';
import { findDifferences, goldenCases } from './fused/golden.js';
import { chooseBackend, createEngine } from './select.js';

/** Limits on threads, which do not change results: a wasm kernel takes long to start them. */
const MAX_THREADS = { native: 64, wasm: 1, cuda: 1 } as const;

/**
 * Computes all golden cases on native, wasm and cuda.
 *
 * @returns a summary, one line
 * @throws {UserError} E_BACKEND if the results of a backend differ
 */
export async function checkArithmetic(): Promise<string> {
  const checked: string[] = [];
  for (const backend of EXACT_BACKENDS) {
    let arithmetic: string;
    try {
      ({ arithmetic } = await chooseBackend({ backend, device: 'auto' }));
    } catch (error) {
      if (error instanceof UserError) continue; // doctor reports backends that do not work separately
      throw error;
    }
    const differing = await findDifferences(
      (input) => createEngine(backend, input),
      arithmetic,
      goldenCases,
      MAX_THREADS[backend],
    );
    if (differing.length > 0) {
      throw new UserError(
        'E_BACKEND',
        `The results of ${backend} differ from the recorded ones in ${differing.length} of ${goldenCases.length} test cases (${differing[0]}, …).`,
        { hint: 'Use another backend, and report this with the output of `wnlstm doctor --json`.' },
      );
    }
    checked.push(arithmetic === CANONICAL ? backend : `${backend} (${arithmetic})`);
  }
  if (checked.length === 0) {
    throw new UserError('E_BACKEND', 'Neither native nor wasm nor cuda works, so no result was checked.', {
      hint: 'See the checks of these backends.',
    });
  }
  return `${new Intl.ListFormat('en-GB').format(checked)}: all ${goldenCases.length} test cases equal, to the last bit`;
}
