/** @file A finished run in a few lines. */

import { dirname, join } from 'node:path';
import type { ChalkInstance } from 'chalk';
import type { Summary } from '../runs/record.js';
import { plural } from '../text/plural.js';
import { alignColumns } from '../text/table.js';
import { number, percent, quoted, runsFlag, seconds } from './format.js';

/** What to do with a run that is finished. */
export function nextCommands(summary: Summary, color: ChalkInstance): string {
  return color.dim(
    [
      `Look at it: \`wnlstm show ${quoted(summary.dir)}\``,
      `List all:   \`wnlstm ls${runsFlag(dirname(summary.dir))}\``,
    ].join('\n'),
  );
}

/** @param trained whether it was trained just now, rather than found finished */
export function describeSummary(summary: Summary, trained: boolean, color: ChalkInstance): string {
  const chance = summary.status === 'completed' && summary.at_chance ? ', at chance' : '';
  const status = `${summary.status}${trained ? '' : ' before'}${chance}${trained ? '' : '; train it again with --force'}`;
  const steps = `${plural(summary.steps, 'step')}, ${summary.ms_per_step.toFixed(2)} ms each`;
  return [
    `${color.bold(summary.run_id)} ${status}`,
    `${steps}, ${seconds(summary.seconds)} in all, on ${summary.device}`,
    ...(summary.best_epoch === null ? [] : [resultTable(summary)]),
    ...(summary.weights_sha256 ? [color.dim(`weights ${summary.weights_sha256}`)] : []),
    color.dim(`${join(summary.dir, 'metrics.csv')}, steps.csv, summary.json`),
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
