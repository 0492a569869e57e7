/** @file Golden cases on the emulated GPU. */

import { spawn } from 'node:child_process';
import { CANONICAL } from '../../arithmetic.js';
import { findDifferences, type GoldenCase, goldenCases } from '../../fused/golden.js';
import { type CudaDevice, openDevice } from '../device.js';
import { createCudaEngine } from '../engine.js';
import type { BlockRows } from '../network.js';
import { buildEmulation } from './build.testing.js';

/** The largest shared memory of a block of any GPU (compute capability 9.0). */
export const MOST_SHARED_BYTES = 227 * 1024;

/** Opens the emulated GPU; a process can open one of the two. Its blocks have the largest shared memory. */
export async function openEmulated(checked: boolean): Promise<CudaDevice> {
  process.env.WNLSTM_LIBCUDA = await buildEmulation({ checked });
  process.env.EMULATED_SHARED = String(MOST_SHARED_BYTES);
  return openDevice();
}

/** The device with a lower limit of shared memory. */
export function withShared(device: CudaDevice, sharedBytes: number): CudaDevice {
  return { ...device, limits: { ...device.limits, sharedBytes } };
}

/** The names of the cases whose results differ from the recorded ones. */
export function differences(
  device: CudaDevice,
  cases: readonly GoldenCase[],
  rows?: BlockRows,
): Promise<string[]> {
  return findDifferences((input) => createCudaEngine(device, input, rows), CANONICAL, cases);
}

/** Finds a golden case. */
export function goldenCase(name: string): GoldenCase {
  const found = goldenCases.find((item) => item.name === name);
  if (!found) throw new Error(`there is no golden case ${name}`);
  return found;
}

/** An approximate time of a case. */
export function costOf({ spec: { units, batch, timeSteps, inputs } }: GoldenCase): number {
  return units * (units + inputs) * batch * timeSteps;
}

/** All numbers of rows per block. */
export const ALL_ROWS: readonly BlockRows[] = ([1, 2, 4] as const).flatMap((forward) =>
  ([1, 2, 4, 8] as const).map((backward) => ({ forward, backward })),
);

/** The rows per block of the cases that processes of their own compute. */
const ROWS: BlockRows = { forward: 2, backward: 4 };

/** The kernels that {@link outcomeInProcess} needs. */
export const ENTRIES =
  /^(forward_2|backward_4|weight_gradients|gradient_sums|update|pack_weights|sum_evaluation)$/;

/**
 * Computes a case in a process of its own, because an error of a kernel leaves the device unusable.
 *
 * @returns `same`, `differs`, or the message of the error
 */
export function outcomeInProcess(
  library: string,
  name: string,
  environment: NodeJS.ProcessEnv = {},
): Promise<string> {
  const code = `const { outcome } = await import(${JSON.stringify(import.meta.url)});
    process.stdout.write(await outcome(${JSON.stringify(name)}));`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    env: { ...process.env, WNLSTM_LIBCUDA: library, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', () => resolve(output));
  });
}

/** What {@link outcomeInProcess} does in the other process. */
export async function outcome(name: string): Promise<string> {
  try {
    return (await differences(openDevice(), [goldenCase(name)], ROWS)).length > 0 ? 'differs' : 'same';
  } catch (error) {
    return (error as Error).message;
  }
}
