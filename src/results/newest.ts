/** @file Which runs a command uses if none are named. */

import { basename, dirname } from 'node:path';
import { UserError } from '../errors.js';
import { isSweep, listRuns } from '../runs/find.js';

/** Names for `readResults`, and a description of them. */
export interface Newest {
  readonly names: readonly string[];
  readonly words: string;
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
  if (isSweep(folder)) return { names: [folder], words: `the newest sweep, ${basename(folder)}` };
  return {
    names: [runsDirectory],
    words:
      runs.length === 1 ? `the only run in ${runsDirectory}` : `all ${runs.length} runs in ${runsDirectory}`,
  };
}
