/** @file The GPU for training: open, and checked with golden cases, because only exact results may be recorded. */

import { UserError } from '../../errors.js';
import { CANONICAL } from '../arithmetic.js';
import { findDifferences, quickCases } from '../fused/golden.js';
import { type CudaDevice, openDevice } from './device.js';
import { createCudaEngine } from './engine.js';

let opened: Promise<CudaDevice> | undefined;

/**
 * The first visible GPU. It is opened and checked once per process.
 *
 * @throws {UserError} E_BACKEND if there is none, if it cannot run the kernels, or if its results are wrong
 */
export function openCuda(): Promise<CudaDevice> {
  opened ??= open();
  return opened;
}

async function open(): Promise<CudaDevice> {
  const device = openDevice();
  await checkDevice(device);
  return device;
}

/**
 * Computes the quick golden cases on a device.
 *
 * @throws {UserError} E_BACKEND if a result differs from the recorded one
 */
export async function checkDevice(device: CudaDevice): Promise<void> {
  const differing = await findDifferences((input) => createCudaEngine(device, input), CANONICAL, quickCases);
  if (differing.length === 0) return;
  throw new UserError(
    'E_BACKEND',
    `The results of ${device.name} differ from the recorded ones in ${differing.length} of ${quickCases.length} test cases (${differing[0]}, …).`,
    { hint: 'Use `--backend native`, and report this with the output of `wnlstm doctor --json`.' },
  );
}
