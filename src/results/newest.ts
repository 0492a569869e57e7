/** @file What is looked at where no run is named. */

import { basename, dirname } from 'node:path';
import { UserError } from '../errors.js';
import { isSweep, listRuns } from '../runs/find.js';

/** Names for `readResults`, and what they are in words. */
export interface Newest {
  readonly names: readonly string[];
  readonly words: string;
}

/**
 * The sweep whose runs began last; all runs of the folder if the newest run belongs to no sweep.
 *
 * @throws {UserError} E_RUN if there is no run
 */
export function newestIn(runsDirectory: string): Newest {
  const runs = listRuns(runsDirectory, () => {}); // who reads the runs tells of the damaged ones
  const last = runs.at(-1);
  if (!last) {
    throw new UserError('E_RUN', `There is no run in ${runsDirectory}.`, {
      hint: 'Start one with `wnlstm train`, or several with `wnlstm sweep FILE`.',
    });
  }
  const folder = dirname(last.directory);
  if (isSweep(folder)) return { names: [folder], words: `the newest sweep, ${basename(folder)}` };
  return {
    names: [runsDirectory],
    words:
      runs.length === 1 ? `the one run in ${runsDirectory}` : `all ${runs.length} runs in ${runsDirectory}`,
  };
}
