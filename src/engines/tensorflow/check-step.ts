/** @file Tests a device in a child process: one training step. */

import { askChild, FETCH_AGAIN } from '../../tensorflow/install/ask-child.js';
import type { StepReport, StepRequest } from './step-process.js';

/**
 * Runs one training step on a device.
 *
 * @param limitMs time limit; a GPU newer than the libraries compiles its code at the first start
 * @throws {UserError} E_BACKEND if the step fails
 */
export function checkStep(
  request: StepRequest,
  signal?: AbortSignal,
  limitMs = 600_000,
): Promise<StepReport> {
  return askChild(request, {
    script: new URL('./step-process.js', import.meta.url),
    failure: `A training step on ${request.device} failed`,
    hint: FETCH_AGAIN,
    signal,
    limitMs,
  });
}
