/**
 * @file A child process of its own: loads the kernel that its parent names, computes golden cases and answers. So a
 * file that is cut short, or uses instructions that this CPU does not have, takes only this process along.
 */

import { CANONICAL } from '../arithmetic.js';
import { findDifferences, goldenCases } from './golden.js';
import { createNativeKernel, loadLibrary } from './native.js';

/** What the parent sends. */
export interface KernelRequest {
  readonly path: string;
}

/** What it gets back. */
export type KernelReport =
  | { readonly differing: readonly string[]; readonly cases: number }
  | { readonly error: string };

/** All cases would take seconds at every start; these are of every shape, and of every kind. */
const EVERY = 7;

process.once('message', async ({ path }: KernelRequest) => {
  let report: KernelReport;
  try {
    const kernel = createNativeKernel(loadLibrary(path));
    const cases = goldenCases.filter((_, at) => at % EVERY === 0);
    report = { differing: await findDifferences(() => kernel, CANONICAL, cases), cases: cases.length };
  } catch (error) {
    report = { error: (error as Error).message };
  }
  process.send?.(report, () => process.disconnect());
});
