/** @file Takes a training step on a device, in a child process. */

import { askChild, FETCH_AGAIN } from '../../tensorflow/install/child.js';
import type { StepReport, StepRequest } from './step-process.js';

/**
 * Takes one training step on a device.
 *
 * @param limitMs how long that may take; a GPU newer than the libraries compiles its code first
 * @throws {UserError} E_BACKEND if that does not work
 */
export function checkStep(
  request: StepRequest,
  signal?: AbortSignal,
  limitMs = 600_000,
): Promise<StepReport> {
  return askChild(request, {
    script: new URL('./step-process.js', import.meta.url),
    failure: `A step on ${request.device} does not work`,
    hint: FETCH_AGAIN,
    signal,
    limitMs,
  });
}
