/** @file `wnlstm extend`: trains a finished run for longer, as a new run beside it. */

import { dirname } from 'node:path';
import { parseFlag, resolveConfig } from '../config.js';
import { UserError } from '../errors.js';
import { expandHome } from '../package.js';
import { findRun } from '../runs/find.js';
import type { Configure } from '../terminal/io.js';
import { addMovedDataOption, addRunsOption } from '../terminal/options.js';
import { trainAndReport } from '../terminal/train-and-report.js';
import { extendRun } from '../train/extend.js';

export const configure: Configure = (command, io, run) => {
  const withArgument = command.argument(
    '<run>',
    'folder, id, or start of the id of a completed run',
    expandHome,
  );
  addMovedDataOption(addRunsOption(withArgument))
    .option('--epochs <n>', 'number of epochs of the longer run in total')
    .option('--steps <n>', 'number of steps of the longer run in total, instead of epochs')
    .option('--threads <n>', 'number of threads; the results do not depend on it')
    .option('--quiet', 'print no progress, only errors')
    .option('--json', 'print the summary as one line of JSON')
    .action(
      run(async (name, options) => {
        if ((options.epochs === undefined) === (options.steps === undefined)) {
          throw new UserError('E_USAGE', 'Expected either --epochs or --steps.', {
            hint: 'Give the total length of the longer run, such as --epochs 10.',
          });
        }
        const found = findRun(options.runs, name);
        const given = Object.entries(options).filter(([key]) => ['epochs', 'threads', 'data'].includes(key));
        const flags = Object.fromEntries(
          given.map(([key, value]) => [key, parseFlag(key as 'epochs' | 'threads' | 'data', String(value))]),
        );
        const steps = options.steps === undefined ? null : parseFlag('steps', options.steps);
        const { config: wanted } = resolveConfig({ ...flags, steps }, found.config);
        const moved = { ...found, config: { ...found.config, data: wanted.data, threads: wanted.threads } };
        const { config, directory, choice, from } = await extendRun(moved, wanted);
        if (from === 0) io.err('No checkpoint of the run fits the longer run, so training starts at step 0.');
        const { argv, signal } = io;
        const target = { directory, choice };
        return trainAndReport(
          { config, target, runsDirectory: dirname(directory), force: false, argv, signal },
          options,
          io,
        );
      }),
    );
};
