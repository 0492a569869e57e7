/** @file Chooses the weights of a run to evaluate: of its last checkpoint, of the best by validation, or of a step. */

import type { Architecture } from '../engines/fused/classifier.js';
import { UserError } from '../errors.js';
import type { TrainingState } from '../model/state.js';
import { hashWeights, listCheckpoints, readCheckpoint, type StoredCheckpoint } from '../runs/checkpoint.js';
import { runPaths } from '../runs/paths.js';
import { RESTORE } from '../runs/progress.js';
import type { FoundRun } from '../runs/reading.js';

/** Which checkpoint: the last one, the best by validation accuracy so far, or that of a step. */
export type Which = 'last' | 'best' | number;

/** Weights of a run, and what they are. */
export interface Weights {
  readonly state: TrainingState;
  readonly step: number;
  /** Whether the run ended with these weights. */
  readonly isFinal: boolean;
  /** Whether they have the best validation accuracy of the run. */
  readonly isBest: boolean;
  /** Their validation loss and accuracy, which a checkpoint records if they are the best so far. */
  readonly validation: { readonly loss: number; readonly accuracy: number } | null;
  /** SHA-256 of the weights, 64 hex digits. */
  readonly sha256: string;
}

/**
 * Reads weights of a run. A run that is being trained may be read too.
 *
 * @throws {UserError} E_CHECKPOINT if there is no such checkpoint, if it is damaged, or if its weights are not the run's result
 */
export function readWeights(run: FoundRun, which: Which): Weights {
  const { checkpoints } = runPaths(run.directory);
  const steps = listCheckpoints(checkpoints);
  const read = (step: number): StoredCheckpoint => readCheckpoint(checkpoints, step, run.record.run_id);
  const bestStep = bestOf(steps, read);
  const { progress, state } = read(stepOf(which, steps, bestStep, run));
  const { step, best } = progress;
  const isFinal = run.summary !== null && run.summary.steps === step;
  const isBest = step === bestStep;
  const sha256 = hashWeights(state);
  const recorded = isFinal ? run.summary?.weights_sha256 : null;
  if (recorded && recorded !== sha256) {
    throw new UserError(
      'E_CHECKPOINT',
      `${run.directory}: expected weights with the SHA-256 ${recorded.slice(0, 16)}… of summary.json at step ${step}, got ${sha256.slice(0, 16)}….`,
      { hint: RESTORE },
    );
  }
  const validation = best?.step === step ? { loss: best.valLoss, accuracy: best.valAccuracy } : null;
  return { state, step, isFinal, isBest, validation, sha256 };
}

/** The step with the best validation accuracy, which the newest checkpoint knows; null if it is damaged or no epoch is complete. */
function bestOf(steps: readonly number[], read: (step: number) => StoredCheckpoint): number | null {
  const last = steps.at(-1);
  try {
    return last === undefined ? null : (read(last).progress.best?.step ?? null);
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

/** The step of the checkpoint that a user wants. */
function stepOf(
  which: Which,
  steps: readonly number[],
  best: number | null,
  { directory, status }: FoundRun,
): number {
  const last = steps.at(-1);
  if (last === undefined) {
    const hint =
      status === 'running'
        ? 'Training writes the first one within a minute.'
        : `Train it with \`wnlstm resume ${directory}\`.`;
    throw new UserError('E_CHECKPOINT', `${directory}: expected a checkpoint, found none.`, { hint });
  }
  const step = which === 'last' ? last : which === 'best' ? best : which;
  if (step !== null && steps.includes(step)) return step;
  const expected = step === null ? 'a completed epoch' : `a checkpoint of step ${step}`;
  throw new UserError(
    'E_CHECKPOINT',
    `${directory}: expected ${expected}; there are checkpoints of ${steps.length === 1 ? 'step' : 'steps'} ${steps.join(', ')}.`,
    { hint: 'Omit --checkpoint to use the last one.' },
  );
}

/**
 * The architecture of a run's model; sizes that the config does not have are those of the weights.
 *
 * @throws {UserError} E_CHECKPOINT if a matrix is missing, or has sizes that no model has
 */
export function architectureOf(
  { config, directory }: Pick<FoundRun, 'config' | 'directory'>,
  { state }: Pick<Weights, 'state'>,
): Architecture {
  const { model, units, forgetBias } = config;
  const [inputs, gates] = state.get('lstm/w_x')?.shape ?? [];
  const classes = state.get('pred/w')?.shape[1];
  if (inputs === undefined || classes === undefined) {
    throw new UserError(
      'E_CHECKPOINT',
      `${directory}: expected the matrices lstm/w_x and pred/w in the checkpoint, got ${[...state.keys()].join(', ')}.`,
      { hint: RESTORE },
    );
  }
  if (inputs === 0 || classes === 0 || gates !== 4 * units) {
    throw new UserError(
      'E_CHECKPOINT',
      `${directory}: expected ${4 * units} columns in lstm/w_x of the checkpoint, and at least one input and class, got ${gates} columns, ${inputs} inputs and ${classes} classes.`,
      { hint: RESTORE },
    );
  }
  return { model, units, forgetBias, timeSteps: inputs, inputs, classes };
}
