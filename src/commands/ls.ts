/** @file `wnlstm ls`: all runs, a line each. */
import { alignColumns } from '../report/table.js';
import { listRuns, nameOf } from '../runs/find.js';
import type { FoundRun } from '../runs/reading.js';
import { differences } from './format.js';
import type { Configure } from './io.js';
import { addRunsOption } from './options.js';

/** Keys that a run's id or another column shows already. */
const SHOWN = ['model', 'clip', 'backend', 'device'];

const share = (value: number | null | undefined): string => (value == null ? '-' : (value * 100).toFixed(2));

const cells = (runsDirectory: string, run: FoundRun): string[] => {
  const { summary } = run;
  return [
    nameOf(runsDirectory, run),
    run.status,
    run.record.backend,
    String(summary?.epochs ?? '-'),
    share(summary?.val_accuracy),
    share(summary?.test_accuracy),
    run.record.started_at.slice(5, 16).replace('T', ' '),
  ];
};

const HEADER = ['run', 'status', 'on', 'epochs', 'val %', 'test %', 'begun (UTC)'];

export const configureLs: Configure = (command, io) => {
  addRunsOption(command)
    .option('--json', 'print one line of JSON a run')
    .action((options: { runs: string; json?: boolean }) => {
      const runs = listRuns(options.runs, (error) =>
        io.err(`${io.errColor.yellow('damaged')} ${error.message}`),
      );
      if (options.json) {
        for (const { directory, record, config, summary, status } of runs) {
          io.out(JSON.stringify({ ...record, status, dir: directory, config, summary }));
        }
      } else if (runs.length === 0) {
        io.err(`No runs in ${options.runs} yet. Start one: \`wnlstm train\``);
      } else {
        const table = alignColumns([HEADER, ...runs.map((run) => cells(options.runs, run))]).split('\n');
        const lines = table.map((line, at) =>
          at === 0 ? line : `${line}  ${differences(runs[at - 1].config, SHOWN)}`.trimEnd(),
        );
        io.out(lines.join('\n'));
      }
    });
};
