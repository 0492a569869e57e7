/** @file The argument of commands that read several runs: sweeps, runs, or folders of runs. */

import type { Command } from '@commander-js/extra-typings';
import { newestIn } from '../results/newest.js';
import type { Io } from './io.js';
import { printNote } from './messages.js';
import { addRunsOption, parseRuns } from './options.js';

/** Adds `[runs...]` and `--runs DIR`. */
export function addRunsArgument(command: Command) {
  return addRunsOption(
    command.argument(
      '[runs...]',
      'a sweep (its folder or name), or runs, or folders of runs; default: the newest sweep, or all runs if the newest run belongs to no sweep',
      parseRuns,
    ),
  );
}

/** The names of runs from the command line or, without any, the newest runs, which a note names. */
export function namedRuns(
  names: readonly string[] | undefined,
  runsDirectory: string,
  io: Io,
): readonly string[] {
  if (names !== undefined && names.length > 0) return names;
  const newest = newestIn(runsDirectory);
  printNote(`No run was named; using ${newest.description}.`, io);
  return newest.names;
}
