/** @file Chooses the runs that a command uses if the user names none. */

import { basename, dirname } from 'node:path';
import { UserError } from '../errors.js';
import { isSweep, listRuns } from '../runs/find.js';

/** The chosen runs. */
export interface Newest {
  /** Names for `readResults`. */
  readonly names: readonly string[];
  /** A description for the user, such as "the newest sweep, article". */
  readonly description: string;
}

/**
 * The sweep that contains the newest run; all runs of the folder if the newest run belongs to no sweep.
 *
 * @throws {UserError} E_RUN if there is no run
 */
export function newestIn(runsDirectory: string): Newest {
  const runs = listRuns(runsDirectory, () => {}); // damaged runs are reported later, when the runs are read
  const last = runs.at(-1);
  if (!last) {
    throw new UserError('E_RUN', `There is no run in ${runsDirectory}.`, {
      hint: 'Train one with `wnlstm train`, or several with `wnlstm sweep FILE`.',
    });
  }
  const folder = dirname(last.directory);
  if (isSweep(folder)) return { names: [folder], description: `the newest sweep, ${basename(folder)}` };
  return {
    names: [runsDirectory],
    description:
      runs.length === 1 ? `the only run in ${runsDirectory}` : `all ${runs.length} runs in ${runsDirectory}`,
  };
}
