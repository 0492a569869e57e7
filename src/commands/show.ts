/** @file `wnlstm show`: one run, its record and its epochs. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { alignColumns } from '../report/table.js';
import { findRun } from '../runs/find.js';
import { type EpochRow, epochColumns, type Row, readCsv, stepColumns } from '../runs/metrics.js';
import { describeModel, number, percent, quoted, seconds } from './format.js';
import type { Configure } from './io.js';
import { addRunsOption } from './options.js';
import { describeSummary } from './summary.js';

/** The rows of a CSV; none if the run was stopped before it was made. */
const readRows = <Column extends string>(path: string, columns: readonly Column[]): Row<Column>[] =>
  existsSync(path) ? readCsv(path, columns) : [];

const epochCells = (row: EpochRow): string[] => [
  String(row.epoch),
  String(row.step),
  number(row.loss),
  percent(row.accuracy),
  number(row.val_loss),
  percent(row.val_accuracy),
  number(row.grad_norm),
  percent(row.clip_fraction),
  seconds(row.epoch_seconds),
];

const EPOCH_HEADER = ['epoch', 'step', 'loss', 'acc', 'val loss', 'val acc', 'grad norm', 'clipped', 'time'];

export const configureShow: Configure = (command, io) => {
  command.argument('[run]', 'folder or id of a run, or the start of its id; the newest one if left out');
  addRunsOption(command)
    .option('--json', 'print record, config, epochs and summary as one line of JSON')
    .action((name: string | undefined, options: { runs: string; json?: boolean }) => {
      const { directory, record, config, summary, status } = findRun(options.runs, name);
      const rows = readRows(join(directory, 'metrics.csv'), epochColumns);
      if (options.json) {
        io.out(JSON.stringify({ ...record, status, dir: directory, config, epochs: rows, summary }));
        return;
      }
      const { bold, dim } = io.outColor;
      io.out(`${bold(record.run_id)} ${status}${record.error ? `: ${record.error}` : ''}`);
      io.out(describeModel(config));
      io.out(dim(`${record.device}; arithmetic ${record.arithmetic}, kernel ${record.kernel}`));
      io.out(dim(`started ${record.started_at} on ${record.host}`));
      if (rows.length > 0) io.out(`\n${alignColumns([EPOCH_HEADER, ...rows.map(epochCells)])}`);
      if (summary) {
        io.out(`\n${describeSummary(summary, true, io.outColor)}`);
        return;
      }
      const last = readRows(join(directory, 'steps.csv'), stepColumns).at(-1);
      if (last) io.out(`\nat step ${last.step}: loss ${number(last.loss)}, acc ${percent(last.accuracy)}`);
      const follow = `tail -f ${quoted(join(directory, 'steps.csv'))}`;
      io.out(
        status === 'running' ? `Follow it: \`${follow}\`` : `Go on: \`wnlstm resume ${quoted(directory)}\``,
      );
    });
};
