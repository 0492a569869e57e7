/** @file `wnlstm extend`: trains a finished run for longer, as a new run beside it. */

import { dirname } from 'node:path';
import { type Config, type ConfigKey, parseFlag, resolveConfig } from '../config.js';
import { UserError } from '../errors.js';
import { expandHome } from '../package.js';
import { findRun } from '../runs/find.js';
import type { Configure } from '../terminal/io.js';
import { addMovedDataOption, addRunsOption } from '../terminal/options.js';
import { trainAndReport } from '../terminal/train-and-report.js';
import { extendRun } from '../train/extend.js';
import type { Schedule } from '../train/trainer.js';

export const configure: Configure = (command, io, run) => {
  const withArgument = command.argument(
    '<run>',
    'folder, id, or start of the id of a completed run',
    expandHome,
  );
  addMovedDataOption(addRunsOption(withArgument))
    .option('--epochs <n>', 'number of epochs of the longer run in total, or +5 for five more')
    .option('--steps <n>', 'number of steps of the longer run in total, or +500, instead of epochs')
    .option('--threads <n>', 'number of threads; the results do not depend on it')
    .option('--quiet', 'print no progress, only errors')
    .option('--json', 'print the summary as one line of JSON')
    .action(
      run(async (name, options) => {
        if ((options.epochs === undefined) === (options.steps === undefined)) {
          throw new UserError('E_USAGE', 'Expected either --epochs or --steps.', {
            hint: 'Give the total length of the longer run, such as --epochs 10, or what is added, such as --epochs +5.',
          });
        }
        const found = findRun(options.runs, name);
        const { data, threads } = configWith(
          found.config,
          parsed({ threads: options.threads, data: options.data }),
        );
        const moved = { ...found, config: { ...found.config, data, threads } };
        const longer = (before: Schedule): Config =>
          configWith(found.config, lengthOf(found.config, options, before));
        const { config, directory, choice, from } = await extendRun(moved, longer);
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

type Flags = Partial<Record<ConfigKey, unknown>>;

function configWith(config: Config, flags: Flags): Config {
  return resolveConfig(flags, config).config;
}

/** The keys of a config that are given, parsed. */
function parsed(given: Partial<Record<ConfigKey, string | undefined>>): Flags {
  return Object.fromEntries(
    Object.entries(given).flatMap(([key, text]) =>
      text === undefined ? [] : [[key, parseFlag(key as ConfigKey, text)]],
    ),
  );
}

/** The flags that set the length of the longer run. A number with a plus is added to the length of the finished one. */
function lengthOf(
  finished: Config,
  { epochs = '', steps }: { readonly epochs?: string; readonly steps?: string },
  { totalSteps, stepsPerEpoch }: Schedule,
): Flags {
  const added = /^\+(\d+)$/.exec(steps ?? epochs)?.[1];
  if (added === undefined) return steps === undefined ? parsed({ epochs, steps: 'none' }) : parsed({ steps });
  if (steps !== undefined) return { steps: totalSteps + Number(added) };
  return finished.steps === null
    ? { epochs: finished.epochs + Number(added), steps: null }
    : { steps: totalSteps + Number(added) * stepsPerEpoch };
}
