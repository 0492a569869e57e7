/** @file `wnlstm resume`: resumes a run that was stopped, with the config that it was started with. */

import { dirname } from 'node:path';
import { parseFlag, resolveConfig } from '../config.js';
import { chooseToContinue } from '../engines/select.js';
import { expandHome } from '../package.js';
import { findRun } from '../runs/find.js';
import type { Configure } from '../terminal/io.js';
import { addMovedDataOption, addRunsOption, parseCommand } from '../terminal/options.js';
import { trainAndReport } from '../terminal/train-and-report.js';

const UNFINISHED = ['interrupted', 'stale', 'failed'];

export const configure: Configure = (command, io, run) => {
  const withArgument = command.argument(
    '[run]',
    'folder, id, or start of the id of a run; default: the newest unfinished run',
    expandHome,
  );
  addMovedDataOption(addRunsOption(withArgument))
    .option('--threads <n>', 'number of threads; the results do not depend on it')
    .option('--wait', 'wait for another process that trains the run, instead of an error')
    .option(
      '--notify <command>',
      'run this command in a shell at the end, with the outcome in WNLSTM_* variables',
      parseCommand,
    )
    .option('--quiet', 'print no progress, only errors')
    .option('--json', 'print the summary as one line of JSON')
    .action(
      run(async (name, options) => {
        const { directory, config: recorded } = findRun(options.runs, name, {
          kind: 'unfinished run',
          matches: ({ status }) => UNFINISHED.includes(status),
        });
        const change = {
          ...('threads' in options && { threads: parseFlag('threads', String(options.threads)) }),
          ...('data' in options && { data: options.data }),
        };
        const { config } = resolveConfig(change, recorded);
        const target = { directory, choice: await chooseToContinue(recorded) };
        const { argv, signal } = io;
        return trainAndReport(
          {
            config,
            target,
            runsDirectory: dirname(directory),
            force: false,
            wait: Boolean(options.wait),
            argv,
            signal,
          },
          options,
          io,
        );
      }),
    );
};
