/** @file The process as a command sees it: output, colours, the terminal and the stop signal. */

import type { Command } from '@commander-js/extra-typings';
import type { ChalkInstance } from 'chalk';
import { STOP_SIGNALS } from '../signals.js';

/** A terminal that the program draws on and reads keys from. */
export interface Terminal {
  /** Standard input; null if it is not a terminal. */
  readonly input: NodeJS.ReadStream | null;
  /** Standard output. */
  readonly output: NodeJS.WriteStream;
}

export interface Io {
  /** Writes a line of data to standard output. */
  readonly out: (line: string) => void;
  /** Writes a line for a person to standard error. */
  readonly err: (line: string) => void;
  /** Colours for standard output; they change nothing where colours are off. */
  readonly outColor: ChalkInstance;
  /** Colours for standard error; they change nothing where colours are off. */
  readonly errColor: ChalkInstance;
  /** Columns of standard output; null if it is not a terminal. */
  readonly outWidth: number | null;
  /** Standard error; null if it is not a terminal that can move its cursor. */
  readonly terminal: NodeJS.WriteStream | null;
  /** Standard output as a screen; null or missing if it is not a terminal that can move its cursor. */
  readonly screen?: Terminal | null;
  /** Asks a question on the terminal; null if the input is not a terminal. */
  readonly ask: ((question: string) => Promise<string>) | null;
  /** Aborted when the user stops the program; its reason is the exit code. */
  readonly signal: AbortSignal;
  readonly argv: readonly string[];
}

/** Adds the options of a command and its action, which `run` wraps. */
export type Configure = (command: Command, io: Io, run: Run) => void;

/** Makes a commander action of a function that returns the exit code. */
export type Run = <Args extends unknown[]>(
  action: (...args: Args) => number | Promise<number>,
) => (...args: Args) => Promise<void>;

/** The exit code of a command that the user stopped. */
export function stopCode({ signal }: Pick<Io, 'signal'>): number {
  return typeof signal.reason === 'number' ? signal.reason : STOP_SIGNALS.SIGINT;
}
