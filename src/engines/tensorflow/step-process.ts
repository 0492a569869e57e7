/**
 * @file A child process of its own: takes one training step on the device that its parent sends. `wnlstm doctor` starts
 * one for each device, for a process can have TensorFlow on one alone, and a crash takes only this process along.
 */

import { tryEngine } from '../trial.js';
import { createTensorFlowEngine } from './engine.js';

/** What the parent sends. */
export interface StepRequest {
  /** Folder with the libraries. */
  readonly directory: string;
  readonly device: 'cpu' | 'cuda';
  readonly threads: number;
}

/** What it gets back, unless it is `{ error }`. */
export interface StepReport {
  /** What the step ran on, and with which ops. */
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
