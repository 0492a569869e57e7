/**
 * @file A child process that tests the kernel that its parent names, with golden cases. A truncated file, or one that
 * uses instructions that this CPU lacks, crashes only this process.
 */

import { CANONICAL } from '../arithmetic.js';
import { createFusedEngine } from './engine.js';
import { type CreateEngine, findDifferences, goldenCases } from './golden.js';
import { createNativeKernel, loadLibrary } from './native.js';

/** The message from the parent. */
export interface KernelRequest {
  readonly path: string;
}

/** The answer to the parent. */
export type KernelReport =
  | { readonly differing: readonly string[]; readonly cases: number }
  | { readonly error: string };

/** Tests every 7th case, because all take seconds. These cover all shapes, models, clip modes and optimisers. */
const EVERY = 7;

process.once('message', async ({ path }: KernelRequest) => {
  let report: KernelReport;
  try {
    const kernel = createNativeKernel(loadLibrary(path));
    const cases = goldenCases.filter((_, at) => at % EVERY === 0);
    const create: CreateEngine = (input) => createFusedEngine(kernel, input);
    report = { differing: await findDifferences(create, CANONICAL, cases), cases: cases.length };
  } catch (error) {
    report = { error: (error as Error).message };
  }
  process.send?.(report, () => process.disconnect());
});
