/** @file `wnlstm ls`: all runs, with where each stands. */

import { Option } from 'commander';
import type { UserError } from '../errors.js';
import { filteredBy, type ListedRun, listed, sortedBy } from '../results/listing.js';
import { listRuns } from '../runs/find.js';
import { differences } from '../terminal/format.js';
import type { Configure, Io } from '../terminal/io.js';
import { addRunsOption } from '../terminal/options.js';
import { type TableRow, table } from '../text/table.js';

interface LsOptions {
  readonly runs: string;
  readonly sort: string;
  readonly reverse?: boolean;
  readonly filter: readonly string[];
  readonly json?: boolean;
}

/** Keys that a run's id or another column shows already. */
const SHOWN = ['model', 'clip', 'backend', 'device'];

const HEAD: TableRow = { name: 'run', cells: ['status', 'step', 'val %', 'test %', 'begun (UTC)'] };

export const configureLs: Configure = (command, io) => {
  addRunsOption(command)
    .option(
      '--sort <name>',
      'by run, status, step, val, test, begun, sweep, arm, data, backend, or any key of a config',
      'begun',
    )
    .option('--reverse', 'in descending order, such as the best run first')
    .addOption(
      new Option(
        '--filter <condition>',
        'only the runs that meet it, such as status=completed, "lr<0.1", clip=none or "val>=0.95"; may be repeated',
      )
        .argParser((text: string, before: readonly string[]) => [...before, text])
        .default([], 'all runs'),
    )
    .option('--json', 'print one line of JSON a run')
    .action((options: LsOptions) => ls(options, io));
};

function ls({ runs: folder, sort, reverse, filter, json }: LsOptions, io: Io): void {
  const { yellow, dim } = io.errColor;
  let damaged = 0;
  const tell = ({ message, hint }: UserError): void => {
    damaged++;
    io.err(`${yellow('damaged')} ${message}`);
    if (hint) io.err(dim(`        ${hint}`));
  };
  const found = listRuns(folder, tell);
  for (const { damage } of found) damage.forEach(tell);
  const wanted = filter.reduce<readonly ListedRun[]>(filteredBy, listed(folder, found, tell));
  const runs = sortedBy(wanted, sort, Boolean(reverse));
  if (json) {
    for (const { run, sweep, arm, step, totalSteps, valAccuracy } of runs) {
      const { directory, record, config, summary, status } = run;
      const standing = { sweep, arm, step, total_steps: totalSteps, val_accuracy: valAccuracy };
      io.out(JSON.stringify({ ...record, status, dir: directory, ...standing, config, summary }));
    }
  } else if (found.length === 0) {
    if (damaged === 0) io.err(`No runs in ${folder} yet. Start one: \`wnlstm train\``);
  } else if (runs.length === 0) {
    io.err(`None of the ${found.length} runs in ${folder} meets ${filter.join(' and ')}.`);
  } else {
    io.out(tableOf(runs, io));
  }
}

function tableOf(runs: readonly ListedRun[], { outWidth, outColor }: Io): string {
  const [dataDiffer, backendsDiffer] = [
    varied(runs, ({ data }) => data),
    varied(runs, ({ run }) => run.record.backend),
  ];
  const now = new Date();
  const rows = runs.map(({ run, name, arm, data, step, totalSteps, valAccuracy, testAccuracy }): TableRow => {
    const words = [
      ...(arm === null ? [] : [`arm ${arm}`]),
      ...(dataDiffer ? [`data=${data}`] : []),
      ...(backendsDiffer ? [`on ${run.record.backend}`] : []),
      differences(run.config, SHOWN),
    ];
    return {
      name,
      cells: [
        run.status,
        `${step}/${totalSteps ?? '?'}`,
        share(valAccuracy),
        share(testAccuracy),
        begun(run.record.started_at, now),
      ],
      last: words.filter(Boolean).join(' '),
    };
  });
  return table([{ ...HEAD, paint: outColor.bold }], rows, outWidth ?? undefined);
}

/** Words that are the same for all runs tell none apart. */
function varied(runs: readonly ListedRun[], read: (run: ListedRun) => string): boolean {
  return new Set(runs.map(read)).size > 1;
}

function share(value: number | null): string {
  return value === null ? '-' : (value * 100).toFixed(2);
}

/** Day and time in UTC, without this year's number. */
function begun(at: string, now: Date): string {
  const text = at.slice(0, 16).replace('T', ' ');
  return text.startsWith(`${now.getUTCFullYear()}-`) ? text.slice(5) : text;
}
