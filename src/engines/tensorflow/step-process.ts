/**
 * @file A child process that runs one training step on the device that its parent sends. `wnlstm doctor` starts one per
 * device, because a process can open TensorFlow on one device only, and so that a crash cannot affect the parent.
 */

import { tryEngine } from '../trial.js';
import { createTensorFlowEngine } from './engine.js';

/** The message from the parent. */
export interface StepRequest {
  /** Folder with the libraries. */
  readonly directory: string;
  readonly device: 'cpu' | 'cuda';
  readonly threads: number;
}

/** The answer to the parent; `{ error }` if the step failed. */
export interface StepReport {
  /** The device of the step, and its recurrence. */
  readonly device: string;
}

process.once('message', async ({ threads, ...options }: StepRequest) => {
  let answer: StepReport | { error: string };
  try {
    answer = { device: await tryEngine(threads, (input) => createTensorFlowEngine(input, options)) };
  } catch (error) {
    answer = { error: (error as Error).message };
  }
  process.send?.(answer, () => process.disconnect());
});
