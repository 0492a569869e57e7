/** @file `wnlstm train`: one run, from a config to CSV files and a summary. */

import { configKeys } from '../config.js';
import { EXIT } from '../errors.js';
import { percent, quoted } from '../terminal/format.js';
import { type Configure, type Io, stopCode } from '../terminal/io.js';
import { addConfigOptions, addRunsOption, configFrom } from '../terminal/options.js';
import { describeSummary, nextCommands } from '../terminal/summary.js';
import { createTrainingDisplay } from '../terminal/training-display.js';
import { alignColumns } from '../text/table.js';
import { type Outcome, type RunInput, trainRun } from '../train/run.js';

export const configureTrain: Configure = (command, io) => {
  addConfigOptions(command);
  addRunsOption(command)
    .option('--force', 'start over, whatever an earlier run of the same config left')
    .option('--quiet', 'no progress, errors only')
    .option('--json', 'print the summary as one line of JSON')
    .option('--print-config', 'show every value and where it comes from, and train nothing')
    .action(async (options: Record<string, unknown>) => {
      const { config, sources } = await configFrom(options);
      if (options.printConfig) {
        const rows = configKeys.map((key) => [key, JSON.stringify(config[key]), sources[key]]);
        io.out(options.json ? JSON.stringify(config) : alignColumns([['key', 'value', 'from'], ...rows]));
        return;
      }
      const { argv, signal } = io;
      await trainAndReport(
        {
          config,
          runsDirectory: String(options.runs),
          target: null,
          force: Boolean(options.force),
          argv,
          signal,
        },
        options,
        io,
      );
    });
};

/** Trains with a progress display, prints how it ended and sets the exit code. */
export async function trainAndReport(
  input: RunInput,
  options: Record<string, unknown>,
  io: Io,
): Promise<void> {
  const display = createTrainingDisplay(io, Boolean(options.quiet));
  let outcome: Outcome;
  try {
    outcome = await trainRun(input, display.onEvent);
  } finally {
    display.close();
  }
  report(outcome, options, io);
}

function report(outcome: Outcome, options: Record<string, unknown>, io: Io): void {
  switch (outcome.kind) {
    case 'failed':
      io.exit(EXIT.failed);
      throw outcome.error;
    case 'interrupted':
      io.exit(stopCode(io));
      io.err(
        `Stopped after step ${outcome.step}; nothing is lost. Go on: \`wnlstm resume ${quoted(outcome.directory)}\``,
      );
      return;
    case 'completed':
    case 'diverged':
      if (options.json) io.out(JSON.stringify(outcome.summary));
      else if (!options.quiet) {
        io.out(describeSummary(outcome.summary, outcome.trained, io.outColor));
        io.out(nextCommands(outcome.summary, io.outColor));
      }
      if (outcome.kind === 'completed' && outcome.summary.at_chance && !options.quiet) {
        io.err(
          `${io.errColor.yellow('note')} The validation accuracy, ${percent(outcome.summary.val_accuracy)}, is no better than guessing: nothing was learnt, or it was lost again. Try a smaller --lr, or --clip 0.5.`,
        );
      }
      if (outcome.kind === 'diverged') {
        io.exit(EXIT.diverged);
        io.err(
          `The loss became infinite or NaN at step ${outcome.summary.steps}. Try a smaller --lr, or --clip 0.5.`,
        );
      }
      return;
    default:
      outcome satisfies never;
  }
}
