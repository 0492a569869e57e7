/** @file The argument of commands that look at several runs: a sweep, runs, or folders of runs. */

import type { Command } from 'commander';
import { newestIn } from '../results/newest.js';
import type { Io } from './io.js';
import { addRunsOption, parseRuns } from './options.js';

/** Adds `[runs...]` and `--runs DIR`. */
export function addRunsArgument(command: Command): Command {
  return addRunsOption(
    command.argument(
      '[runs...]',
      'a sweep (its folder or name), or runs, or folders of runs; if left out, the newest sweep, or all runs if the newest run is in no sweep',
      parseRuns,
    ),
  );
}

/** The names that were given; without any, what is newest, and it is said which that is. */
export function namedRuns(names: readonly string[], runsDirectory: string, io: Io): readonly string[] {
  if (names.length > 0) return names;
  const newest = newestIn(runsDirectory);
  io.err(`${io.errColor.yellow('note')} No run was named, so this is ${newest.words}.`);
  return newest.names;
}
