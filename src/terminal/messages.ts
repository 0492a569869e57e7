/** @file Prints errors and notes on standard error. */

import { asUserError, type UserError } from '../errors.js';
import type { Io } from './io.js';
import { withProgramName } from './shell.js';

/**
 * Prints an error and its hint on standard error.
 *
 * @throws the error itself if it is a bug in this program, which shows its stack
 */
export function printError(error: unknown, { err, errColor }: Pick<Io, 'err' | 'errColor'>): void {
  const known = asUserError(error);
  if (!known) throw error;
  err(`${errColor.red('error')} ${withProgramName(known.message)}`);
  if (known.hint) err(`${errColor.dim('hint')}  ${withProgramName(known.hint)}`);
}

/** Prints that a run is damaged, and how to repair it, on standard error. */
export function printDamage(
  { message, hint }: UserError,
  { err, errColor }: Pick<Io, 'err' | 'errColor'>,
): void {
  err(`${errColor.yellow('damaged')} ${withProgramName(message)}`);
  if (hint) err(errColor.dim(`        ${withProgramName(hint)}`));
}

/** Prints a note on standard error. */
export function printNote(note: string, { err, errColor }: Pick<Io, 'err' | 'errColor'>): void {
  err(`${errColor.yellow('note')} ${withProgramName(note)}`);
}
