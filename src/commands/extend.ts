/** @file `wnlstm extend`: trains a finished run for longer, as a new run beside it. */

import { dirname } from 'node:path';
import { type ConfigKey, parseFlag, resolveConfig } from '../config.js';
import { UserError } from '../errors.js';
import { expandHome } from '../package.js';
import { findRun } from '../runs/find.js';
import type { FoundRun } from '../runs/reading.js';
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
        const flags = {
          ...parsed({ threads: options.threads, data: options.data }),
          ...lengthOf(found, options),
        };
        const { config: wanted } = resolveConfig(flags, found.config);
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

/** The keys of a config that are given, parsed. */
function parsed(given: Partial<Record<ConfigKey, string | undefined>>): Partial<Record<ConfigKey, unknown>> {
  return Object.fromEntries(
    Object.entries(given).flatMap(([key, text]) =>
      text === undefined ? [] : [[key, parseFlag(key as ConfigKey, text)]],
    ),
  );
}

/** The length of the longer run. A number with a plus is added to the length of the run. */
function lengthOf(
  { config, summary, record }: FoundRun,
  { epochs, steps }: { readonly epochs?: string; readonly steps?: string },
): Partial<Record<ConfigKey, unknown>> {
  const total = (text: string, before: number): string =>
    /^\+\d+$/.test(text) ? String(before + Number(text)) : text;
  if (steps !== undefined) return parsed({ steps: total(steps, summary?.steps ?? 0) });
  if (epochs?.startsWith('+') && config.steps !== null) {
    throw new UserError('E_USAGE', `--epochs ${epochs}: the length of ${record.run_id} is in steps.`, {
      hint: 'Give what is added in steps, such as --steps +500, or a total number of epochs.',
    });
  }
  return { ...parsed({ epochs: total(epochs ?? '', config.epochs) }), steps: null };
}
