/** @file `wnlstm train`: trains one run and writes its CSV files and its summary. */

import { configKeys } from '../config.js';
import { EXIT } from '../errors.js';
import { percent } from '../terminal/format.js';
import { type Configure, type Io, stopCode } from '../terminal/io.js';
import { printError, printNote } from '../terminal/messages.js';
import { addConfigOptions, addRunsOption, configFrom } from '../terminal/options.js';
import { describeSummary, nextCommands } from '../terminal/run-summary.js';
import { quoted, withProgramName } from '../terminal/shell.js';
import { createTrainingDisplay } from '../terminal/training-display.js';
import { alignColumns } from '../text/table.js';
import { type Outcome, type RunInput, trainRun } from '../train/run.js';

export const configure: Configure = (command, io, run) => {
  addRunsOption(addConfigOptions(command))
    .option('--force', 'start over: discard an earlier run of the same config')
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
            argv,
            signal,
          },
          options,
          io,
        );
      }),
    );
};

const TRY = 'Try a smaller --lr, or --clip 0.5.';

interface ReportOptions {
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/**
 * Trains with a progress display and prints the result.
 *
 * @returns the exit code
 */
export async function trainAndReport(input: RunInput, options: ReportOptions, io: Io): Promise<number> {
  const display = createTrainingDisplay(io, Boolean(options.quiet));
  let outcome: Outcome;
  try {
    outcome = await trainRun(input, display.onEvent);
  } finally {
    display.close();
  }
  return report(outcome, options, io);
}

function report(outcome: Outcome, options: ReportOptions, io: Io): number {
  switch (outcome.kind) {
    case 'failed':
      printError(outcome.error, io);
      return EXIT.failed;
    case 'interrupted':
      io.err(`Stopped after step ${outcome.step}.`);
      io.err(
        withProgramName(`To resume from this step, run \`wnlstm resume ${quoted(outcome.directory)}\`.`),
      );
      return stopCode(io);
    case 'completed':
    case 'diverged':
      if (options.json) io.out(JSON.stringify(outcome.summary));
      else if (!options.quiet) {
        io.out(describeSummary(outcome.summary, outcome.trained, io.outColor));
        io.out(nextCommands(outcome.summary, io.outColor));
      }
      if (outcome.kind === 'completed' && outcome.summary.at_chance && !options.quiet) {
        const accuracy = percent(outcome.summary.val_accuracy);
        printNote(`The validation accuracy, ${accuracy}, is at chance level. ${TRY}`, io);
      }
      if (outcome.kind === 'diverged') {
        io.err(`The loss became infinite or NaN at step ${outcome.summary.steps}. ${TRY}`);
      }
      return outcome.kind === 'diverged' ? EXIT.diverged : EXIT.done;
    default:
      return outcome satisfies never;
  }
}
