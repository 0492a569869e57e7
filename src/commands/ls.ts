/** @file `wnlstm ls`: all runs, a line each. */
import { alignColumns } from '../report/table.js';
import { type FoundRun, listRuns, readConfigOf, readSummary } from '../runs/run.js';
import { percent } from './format.js';
import type { Configure } from './io.js';
import { addRunsOption } from './options.js';

const row = ({ directory, record, status }: FoundRun): string[] => {
  const config = readConfigOf(directory);
  const summary = readSummary(directory);
  return [
    record.run_id,
    status,
    record.backend,
    String(config.lr),
    String(summary?.epochs ?? '-'),
    percent(summary?.val_accuracy ?? null),
    percent(summary?.test_accuracy ?? null),
    record.started_at.slice(0, 16).replace('T', ' '),
  ];
};

export const configureLs: Configure = (command, io) => {
  addRunsOption(command)
    .option('--json', 'print one line of JSON a run')
    .action((options: { runs: string; json?: boolean }) => {
      const runs = listRuns(options.runs);
      if (options.json) {
        for (const { directory, record, status } of runs) {
          io.out(JSON.stringify({ ...record, status, dir: directory, summary: readSummary(directory) }));
        }
      } else if (runs.length === 0) {
        io.err(`No runs in ${options.runs} yet. Start one with \`wnlstm train\`.`);
      } else {
        const header = ['run', 'status', 'backend', 'lr', 'epochs', 'validation', 'test', 'started (UTC)'];
        io.out(alignColumns([header, ...runs.map(row)]));
      }
    });
};
