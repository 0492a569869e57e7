/** @file Trains a run with a progress display and prints its result, for `wnlstm train` and `wnlstm resume`. */

import { EXIT } from '../errors.js';
import { type Outcome, type RunInput, trainRun } from '../train/run.js';
import { percent } from './format.js';
import { type Io, stopCode } from './io.js';
import { printError, printNote } from './messages.js';
import { notify } from './notify.js';
import { describeSummary, nextCommands } from './run-summary.js';
import { quoted, withProgramName } from './shell.js';
import { createTrainingDisplay } from './training-display.js';

/** The advice for a run that did not learn. */
const TRY = 'Try a smaller --lr, or --clip 0.5.';

interface ReportOptions {
  readonly quiet?: boolean;
  readonly json?: boolean;
  readonly notify?: string;
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
  // Only `train`, which chooses the folder itself, can start a run over.
  const advice = input.target === null ? 'to train it again, use --force' : '';
  const code = report(outcome, options, io, advice);
  notify(options.notify, outcomeOf(outcome), io);
  return code;
}

/** The outcome of a run for --notify. */
function outcomeOf(outcome: Outcome): Parameters<typeof notify>[1] {
  switch (outcome.kind) {
    case 'completed':
    case 'diverged': {
      const { dir, run_id, steps, val_accuracy, test_accuracy } = outcome.summary;
      return {
        STATUS: outcome.kind,
        DIR: dir,
        RUN: run_id,
        STEPS: steps,
        VAL_ACCURACY: val_accuracy,
        TEST_ACCURACY: test_accuracy,
      };
    }
    case 'interrupted':
      return { STATUS: outcome.kind, DIR: outcome.directory, STEPS: outcome.step };
    case 'failed':
      return { STATUS: outcome.kind, DIR: outcome.directory, ERROR: String(outcome.error) };
    default:
      return outcome satisfies never;
  }
}

function report(outcome: Outcome, options: ReportOptions, io: Io, advice: string): number {
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
        io.out(describeSummary(outcome.summary, outcome.trained, io.outColor, advice));
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
