/** @file Runs the user's command at the end of training, with the outcome in environment variables. */

import { spawnSync } from 'node:child_process';
import type { Io } from './io.js';
import { printNote } from './messages.js';

/** A command that takes longer is ended, so that it cannot keep the program from exiting. */
const LONGEST_MS = 60_000;

/**
 * Runs a command in a shell. What it prints goes to standard error. A command that fails changes neither the result nor the
 * exit code.
 *
 * @param outcome the values of variables, which get the prefix WNLSTM_; null becomes an empty text
 */
export function notify(
  command: string | undefined,
  outcome: Readonly<Record<string, string | number | null>>,
  io: Io,
): void {
  if (command === undefined) return;
  const variables = Object.entries(outcome).map(([name, value]) => [`WNLSTM_${name}`, String(value ?? '')]);
  const { status, signal, error, stdout, stderr } = spawnSync(command, {
    shell: true,
    encoding: 'utf8',
    env: { ...process.env, ...Object.fromEntries(variables) },
    timeout: LONGEST_MS,
  });
  for (const text of [stdout, stderr]) if (text?.trim()) io.err(text.trimEnd());
  if (status === 0) return;
  const how = error?.message ?? (signal ? `it was ended by ${signal}` : `its exit code is ${status}`);
  printNote(`The command of --notify failed: ${how}.`, io);
}
