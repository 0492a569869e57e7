/** @file What a command is given instead of the process: where to print, in which colours, and when to stop. */

import type { ChalkInstance } from 'chalk';
import type { Command } from 'commander';
import { STOP_SIGNALS } from '../signals.js';

export interface Io {
  /** A line of data, to standard output. */
  readonly out: (line: string) => void;
  /** A line for a person, to standard error. */
  readonly err: (line: string) => void;
  /** Colours of either, plain where they are not wanted. */
  readonly outColor: ChalkInstance;
  readonly errColor: ChalkInstance;
  /** Columns of standard output; null where it is not a terminal. */
  readonly outWidth: number | null;
  /** Standard error, where a bar may be drawn; null where it is not a terminal that can move its cursor. */
  readonly terminal: NodeJS.WriteStream | null;
  /** Asks a question on the terminal; null where nobody is there to answer. */
  readonly ask: ((question: string) => Promise<string>) | null;
  /** Aborted when the user wants it to stop; its reason is the exit code. */
  readonly signal: AbortSignal;
  readonly argv: readonly string[];
  /** To be set to another exit code than 0. */
  readonly exit: (code: number) => void;
}

/** A command: adds its options and its action. */
export type Configure = (command: Command, io: Io) => void;

/** The exit code of a command that the user stopped. */
export function stopCode({ signal }: Pick<Io, 'signal'>): number {
  return typeof signal.reason === 'number' ? signal.reason : STOP_SIGNALS.SIGINT;
}
