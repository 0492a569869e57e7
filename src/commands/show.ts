/** @file `wnlstm show`: shows the record and the epochs of a run. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, UserError } from '../errors.js';
import { expandHome } from '../package.js';
import { missingRows } from '../results/read-run.js';
import { findRun } from '../runs/find.js';
import { type EpochRow, epochColumns, type Row, readCsv, stepColumns } from '../runs/metrics.js';
import { describeModel, number, percent, percentNumber, seconds } from '../terminal/format.js';
import type { Configure, Io } from '../terminal/io.js';
import { printDamage, printNote } from '../terminal/messages.js';
import { addRunsOption } from '../terminal/options.js';
import { describeSummary } from '../terminal/run-summary.js';
import { quoted, withProgramName } from '../terminal/shell.js';
import { type TableRow, table } from '../text/table.js';

const HEADS: readonly TableRow[] = [
  { name: '', cells: ['', '', '', 'val', 'val', 'grad', 'clipped', ''] },
  { name: 'epoch', cells: ['step', 'loss', 'acc %', 'loss', 'acc %', 'norm', '%', 'time'] },
];

export const configure: Configure = (command, io, run) => {
  const withArgument = command.argument(
    '[run]',
    'folder, id, or start of the id of a run; default: the newest run',
    expandHome,
  );
  addRunsOption(withArgument)
    .option('--json', 'print record, config, epochs and summary as one line of JSON')
    .action(run((name, { runs, json }) => show(name, runs, Boolean(json), io)));
};

function show(name: string | undefined, runsDirectory: string, json: boolean, io: Io): number {
  const run = findRun(runsDirectory, name);
  const { directory, record, config, summary, status, damage } = run;
  let isDamaged = false;
  const report = (error: UserError): void => {
    isDamaged = true;
    printDamage(error, io);
  };
  damage.forEach(report);
  const epochs = readRows(join(directory, 'metrics.csv'), epochColumns, report);
  const steps = readRows(join(directory, 'steps.csv'), stepColumns, report);
  const lost = isDamaged ? null : missingRows(run, { seed: config.seed, epochs, steps });
  if (lost) printNote(`${directory}: ${lost}.`, io);
  if (json) {
    io.out(JSON.stringify({ ...record, status, dir: directory, config, epochs, summary }));
    return EXIT.done;
  }
  const { bold, dim } = io.outColor;
  io.out(`${bold(record.run_id)} ${status}${record.error ? `: ${record.error}` : ''}`);
  io.out(describeModel(config));
  io.out(dim(`${record.device}; arithmetic ${record.arithmetic}, kernel ${record.kernel}`));
  io.out(dim(`started ${record.started_at} on ${record.host}`));
  if (epochs.length > 0) io.out(`\n${table(HEADS, epochs.map(epochCells), io.outWidth ?? undefined)}`);
  if (summary) {
    io.out(`\n${describeSummary(summary, true, io.outColor)}`);
    return EXIT.done;
  }
  const last = steps.at(-1);
  if (last) {
    const { step, loss, accuracy } = last;
    io.out(`\nlast row of steps.csv: step ${step}, loss ${number(loss)}, acc ${percent(accuracy)}`);
  }
  const next =
    status === 'running'
      ? `Follow it: \`tail -f ${quoted(join(directory, 'steps.csv'))}\``
      : `Resume it: \`wnlstm resume ${quoted(directory)}\``;
  io.out(withProgramName(next));
  return EXIT.done;
}

/** The rows of a CSV; none if the file is missing or, after a report, if it is damaged. */
function readRows<Column extends string>(
  path: string,
  columns: readonly Column[],
  report: (error: UserError) => void,
): Row<Column>[] {
  try {
    return existsSync(path) ? readCsv(path, columns) : [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    report(error);
    return [];
  }
}

function epochCells(row: EpochRow): TableRow {
  return {
    name: String(row.epoch),
    cells: [
      String(row.step),
      number(row.loss),
      percentNumber(row.accuracy),
      number(row.val_loss),
      percentNumber(row.val_accuracy),
      number(row.grad_norm),
      percentNumber(row.clip_fraction),
      seconds(row.epoch_seconds),
    ],
  };
}
