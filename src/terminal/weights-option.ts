/** @file The option that chooses the weights of a run, and the note about weights that are not the result of the run. */

import { type Command, InvalidArgumentError, type OptionValues } from '@commander-js/extra-typings';
import type { Weights, Which } from '../evaluate/weights.js';
import type { FoundRun } from '../runs/reading.js';
import type { Io } from './io.js';
import { printNote } from './messages.js';

/** Adds `--checkpoint WHICH`. */
export function addCheckpointOption<Args extends unknown[], Options extends OptionValues>(
  command: Command<Args, Options>,
) {
  return command.option(
    '--checkpoint <which>',
    'weights to use: last, best (by validation), or the step of a checkpoint',
    parseWhich,
    'last' as Which,
  );
}

function parseWhich(text: string): Which {
  if (text === 'last' || text === 'best') return text;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError(`Expected last, best or a step, got ${text}.`);
}

/** Says that the last weights of a run are not a result, because it has not ended or diverged. */
export function noteWeights(
  { record, status }: FoundRun,
  { step, isFinal }: Weights,
  which: Which,
  io: Io,
): void {
  if (which !== 'last') return;
  if (status === 'diverged') {
    printNote(
      `The loss of the run became infinite or NaN before step ${step}, so these weights mean little.`,
      io,
    );
    return;
  }
  if (isFinal) return;
  const of = record.total_steps === undefined ? '' : ` of ${record.total_steps}`;
  printNote(`The run is ${status}; these are the weights of its last checkpoint, at step ${step}${of}.`, io);
}
