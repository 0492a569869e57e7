/** @file The result of a finished run, in a few lines. */

import { dirname } from 'node:path';
import type { ChalkInstance } from 'chalk';
import type { Summary } from '../runs/record.js';
import { plural } from '../text/plural.js';
import { alignColumns } from '../text/table.js';
import { number, percent, seconds } from './format.js';
import { quoted, runsFlag, withProgramName } from './shell.js';

/**
 * @param trained whether the run was trained by this command; false if it was already finished
 * @param advice what to do with a run that was already finished; may be empty
 */
export function describeSummary(
  summary: Summary,
  trained: boolean,
  color: ChalkInstance,
  advice = '',
): string {
  const chance = summary.status === 'completed' && summary.at_chance ? ', at chance level' : '';
  const status = trained
    ? `${summary.status}${chance}`
    : `already ${summary.status}${chance}${advice && `; ${advice}`}`;
  const steps = `${plural(summary.steps, 'step')}, ${summary.ms_per_step.toFixed(2)} ms per step`;
  return [
    `${color.bold(summary.run_id)} ${status}`,
    `${steps}, ${seconds(summary.seconds)} in total, on ${summary.device}`,
    ...(summary.best_epoch === null ? [] : [resultTable(summary)]),
    ...(summary.weights_sha256 ? [color.dim(`weights ${summary.weights_sha256}`)] : []),
    color.dim(`files: ${summary.dir}`),
  ].join('\n');
}

function resultTable(summary: Summary): string {
  return alignColumns([
    ['', 'validation', 'test', 'test loss'],
    [
      'last weights',
      percent(summary.val_accuracy),
      percent(summary.test_accuracy),
      number(summary.test_loss),
    ],
    [
      `best by validation (epoch ${summary.best_epoch})`,
      percent(summary.best_val_accuracy),
      percent(summary.best_test_accuracy),
      number(summary.best_test_loss),
    ],
  ]);
}

/** Commands that show a finished run. */
export function nextCommands(summary: Summary, color: ChalkInstance): string {
  const lines = [
    `Show it:       \`wnlstm show ${quoted(summary.dir)}\``,
    `List all runs: \`wnlstm ls${runsFlag(dirname(summary.dir))}\``,
  ];
  return color.dim(withProgramName(lines.join('\n')));
}
