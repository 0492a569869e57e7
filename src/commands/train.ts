/** @file `wnlstm train`: trains one run and writes its CSV files and its summary. */

import { configKeys } from '../config.js';
import { EXIT } from '../errors.js';
import type { Configure } from '../terminal/io.js';
import { addConfigOptions, addRunsOption, configFrom, parseCommand } from '../terminal/options.js';
import { trainAndReport } from '../terminal/train-and-report.js';
import { alignColumns } from '../text/table.js';

export const configure: Configure = (command, io, run) => {
  addRunsOption(addConfigOptions(command))
    .option('--force', 'start over: discard an earlier run of the same config')
    .option('--wait', 'wait for another process that trains the same run, instead of an error')
    .option(
      '--notify <command>',
      'run this command in a shell at the end, with the outcome in WNLSTM_* variables',
      parseCommand,
    )
    .option('--quiet', 'print no progress, only errors')
    .option('--json', 'print the summary as one line of JSON')
    .option('--print-config', 'print every value and its source, and exit')
    .action(
      run(async (options) => {
        const { config, sources } = await configFrom(options);
        if (options.printConfig) {
          const rows = configKeys.map((key) => [key, JSON.stringify(config[key]), sources[key]]);
          io.out(options.json ? JSON.stringify(config) : alignColumns([['key', 'value', 'source'], ...rows]));
          return EXIT.done;
        }
        const { argv, signal } = io;
        return trainAndReport(
          {
            config,
            runsDirectory: options.runs,
            target: null,
            force: Boolean(options.force),
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
