/** @file A finished run in a few lines. */
import { join } from 'node:path';
import type { ChalkInstance } from 'chalk';
import { alignColumns } from '../report/table.js';
import type { Summary } from '../runs/run.js';
import { number, percent, seconds } from './format.js';

/** @param trained whether it was trained just now, rather than found finished */
export const describeSummary = (summary: Summary, trained: boolean, color: ChalkInstance): string => {
  const best = `best by validation (epoch ${summary.best_epoch ?? '-'})`;
  const table = alignColumns([
    ['', 'validation', 'test', 'test loss'],
    [
      'last weights',
      percent(summary.val_accuracy),
      percent(summary.test_accuracy),
      number(summary.test_loss),
    ],
    [
      best,
      percent(summary.best_val_accuracy),
      percent(summary.best_test_accuracy),
      number(summary.best_test_loss),
    ],
  ]);
  const status = trained ? summary.status : `was ${summary.status} before; train again with --force`;
  return [
    `${color.bold(summary.run_id)} ${status}`,
    `${summary.steps} steps in ${seconds(summary.seconds)}, ${summary.ms_per_step.toFixed(2)} ms a step on ${summary.device}`,
    table,
    color.dim(`${join(summary.dir, 'metrics.csv')}, steps.csv, summary.json`),
    color.dim(`Look at it with \`wnlstm show ${summary.dir}\`, list all with \`wnlstm ls\`.`),
  ].join('\n');
};
