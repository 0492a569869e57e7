/** @file `wnlstm resume`: goes on with a run that was stopped, with the config it was started with. */

import { dirname } from 'node:path';
import { parseFlag, resolveConfig } from '../config.js';
import { chooseToContinue } from '../engines/select.js';
import { expandHome } from '../package.js';
import { findRun } from '../runs/find.js';
import type { Configure } from '../terminal/io.js';
import { addMovedDataOption, addRunsOption } from '../terminal/options.js';
import { trainAndReport } from './train.js';

export const configureResume: Configure = (command, io) => {
  command.argument(
    '[run]',
    'folder or id of a run, or the start of its id; the newest unfinished one if left out',
    expandHome,
  );
  addMovedDataOption(addRunsOption(command))
    .option('--threads <n>', 'threads for the rest of it; the results do not depend on it')
    .option('--quiet', 'no progress, errors only')
    .option('--json', 'print the summary as one line of JSON')
    .action(async (name: string | undefined, options: Record<string, unknown>) => {
      const unfinished = ['interrupted', 'stale', 'failed'];
      const { directory, config: stored } = findRun(String(options.runs), name, {
        kind: 'unfinished run',
        wanted: ({ status }) => unfinished.includes(status),
      });
      const change = {
        ...('threads' in options && { threads: parseFlag('threads', String(options.threads)) }),
        ...('data' in options && { data: options.data }),
      };
      const { config } = resolveConfig(change, stored);
      const target = { directory, choice: await chooseToContinue(stored) };
      const { argv, signal } = io;
      await trainAndReport(
        { config, target, runsDirectory: dirname(directory), force: false, argv, signal },
        options,
        io,
      );
    });
};
