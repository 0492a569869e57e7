/** @file `wnlstm show`: one run, its record and its epochs. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.js';
import { expandHome } from '../package.js';
import { lostRows } from '../results/read-run.js';
import { findRun } from '../runs/find.js';
import { type EpochRow, epochColumns, type Row, readCsv, stepColumns } from '../runs/metrics.js';
import { describeModel, number, percent, quoted, seconds } from '../terminal/format.js';
import type { Configure } from '../terminal/io.js';
import { addRunsOption } from '../terminal/options.js';
import { describeSummary } from '../terminal/summary.js';
import { type TableRow, table } from '../text/table.js';

const EPOCH_HEADS = [
  ['', '', '', '', 'val', 'val', 'grad', 'clipped', ''],
  ['epoch', 'step', 'loss', 'acc %', 'loss', 'acc %', 'norm', '%', 'time'],
];

export const configureShow: Configure = (command, io) => {
  command.argument(
    '[run]',
    'folder or id of a run, or the start of its id; the newest one if left out',
    expandHome,
  );
  addRunsOption(command)
    .option('--json', 'print record, config, epochs and summary as one line of JSON')
    .action((name: string | undefined, options: { runs: string; json?: boolean }) => {
      const run = findRun(options.runs, name);
      const { directory, record, config, summary, status, damage } = run;
      let isDamaged = false;
      const tell = ({ message, hint }: UserError): void => {
        isDamaged = true;
        io.err(`${io.errColor.yellow('damaged')} ${message}`);
        if (hint) io.err(io.errColor.dim(`        ${hint}`));
      };
      damage.forEach(tell);
      const rows = readRows(join(directory, 'metrics.csv'), epochColumns, tell);
      const steps = readRows(join(directory, 'steps.csv'), stepColumns, tell);
      const lost = isDamaged ? null : lostRows(run, { seed: config.seed, epochs: rows, steps });
      if (lost) io.err(`${io.errColor.yellow('note')} ${directory} ${lost}.`);
      if (options.json) {
        io.out(JSON.stringify({ ...record, status, dir: directory, config, epochs: rows, summary }));
        return;
      }
      const { bold, dim } = io.outColor;
      io.out(`${bold(record.run_id)} ${status}${record.error ? `: ${record.error}` : ''}`);
      io.out(describeModel(config));
      io.out(dim(`${record.device}; arithmetic ${record.arithmetic}, kernel ${record.kernel}`));
      io.out(dim(`started ${record.started_at} on ${record.host}`));
      if (rows.length > 0) {
        const cells = rows.map((row) => tableRow(epochCells(row)));
        io.out(`\n${table(EPOCH_HEADS.map(tableRow), cells, io.outWidth ?? undefined)}`);
      }
      if (summary) {
        io.out(`\n${describeSummary(summary, true, io.outColor)}`);
        return;
      }
      const last = steps.at(-1);
      if (last)
        io.out(
          `\nlast row of steps.csv: step ${last.step}, loss ${number(last.loss)}, acc ${percent(last.accuracy)}`,
        );
      const follow = `tail -f ${quoted(join(directory, 'steps.csv'))}`;
      io.out(
        status === 'running' ? `Follow it: \`${follow}\`` : `Go on: \`wnlstm resume ${quoted(directory)}\``,
      );
    });
};

/** The rows of a CSV; none if it is not there or cannot be read, and then it is said why. */
function readRows<Column extends string>(
  path: string,
  columns: readonly Column[],
  tell: (error: UserError) => void,
): Row<Column>[] {
  try {
    return existsSync(path) ? readCsv(path, columns) : [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    tell(error);
    return [];
  }
}

function epochCells(row: EpochRow): string[] {
  return [
    String(row.epoch),
    String(row.step),
    number(row.loss),
    share(row.accuracy),
    number(row.val_loss),
    share(row.val_accuracy),
    number(row.grad_norm),
    share(row.clip_fraction),
    seconds(row.epoch_seconds),
  ];
}

function share(value: number | null): string {
  return value === null ? '-' : (value * 100).toFixed(2);
}

function tableRow([name, ...cells]: readonly string[]): TableRow {
  return { name, cells };
}
