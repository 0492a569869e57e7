/** @file `wnlstm ls`: lists runs with their status and results. */

import { type Command, Option } from '@commander-js/extra-typings';
import { EXIT, type UserError } from '../errors.js';
import { filteredBy, sortedBy } from '../results/list-query.js';
import { type ListedRun, listed } from '../results/listing.js';
import { listRuns } from '../runs/find.js';
import { differences, percentNumber } from '../terminal/format.js';
import type { Configure, Io } from '../terminal/io.js';
import { printDamage } from '../terminal/messages.js';
import { addRunsOption, type OptionsOf, parseRepeated } from '../terminal/options.js';
import { withProgramName } from '../terminal/shell.js';
import { plural } from '../text/plural.js';
import { type TableRow, table } from '../text/table.js';

/** The keys that a run's id or another column shows. */
const SHOWN = ['model', 'clip', 'backend', 'device'];

const HEAD: TableRow = { name: 'run', cells: ['status', 'step', 'val %', 'test %', 'started (UTC)'] };

export const configure: Configure = (command, io, run) => {
  addOptions(command).action(run((options) => ls(options, io)));
};

function addOptions(command: Command) {
  return addRunsOption(command)
    .option(
      '--sort <name>',
      'sort by run, status, step, val, test, started, sweep, arm, data, backend, or any key of a config',
      'started',
    )
    .option('--reverse', 'sort in descending order, for example the best run first')
    .addOption(
      new Option(
        '--filter <condition>',
        'list only runs that meet the condition, such as status=completed, "lr<0.1", clip=none or "val>=0.95"; can be repeated',
      )
        .argParser(parseRepeated)
        .default([], 'all runs'),
    )
    .option('--json', 'print one line of JSON per run');
}

function ls({ runs: folder, sort, reverse, filter, json }: OptionsOf<typeof addOptions>, io: Io): number {
  let damaged = 0;
  const report = (error: UserError): void => {
    damaged++;
    printDamage(error, io);
  };
  const found = listRuns(folder, report);
  for (const { damage } of found) damage.forEach(report);
  const selected = filter.reduce<readonly ListedRun[]>(filteredBy, listed(folder, found, report));
  const runs = sortedBy(selected, sort, Boolean(reverse));
  if (json) {
    for (const { run, sweep, arm, step, totalSteps, valAccuracy } of runs) {
      const { directory, record, config, summary, status } = run;
      const standing = { sweep, arm, step, total_steps: totalSteps, val_accuracy: valAccuracy };
      io.out(JSON.stringify({ ...record, status, dir: directory, ...standing, config, summary }));
    }
  } else if (found.length === 0) {
    if (damaged === 0)
      io.err(withProgramName(`There are no runs in ${folder}. Start one with \`wnlstm train\`.`));
  } else if (runs.length === 0) {
    io.err(`No run in ${folder} meets ${filter.join(' and ')} (out of ${plural(found.length, 'run')}).`);
  } else {
    io.out(tableOf(runs, io));
  }
  return EXIT.done;
}

function tableOf(runs: readonly ListedRun[], { outWidth, outColor }: Io): string {
  const [dataDiffer, backendsDiffer] = [
    differ(runs, ({ data }) => data),
    differ(runs, ({ run }) => run.record.backend),
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
        percentNumber(valAccuracy),
        percentNumber(testAccuracy),
        startTime(run.record.started_at, now),
      ],
      last: words.filter(Boolean).join(' '),
    };
  });
  return table([{ ...HEAD, paint: outColor.bold }], rows, outWidth ?? undefined);
}

/** Whether runs differ in a value. A value that all runs share is not shown. */
function differ(runs: readonly ListedRun[], read: (run: ListedRun) => string): boolean {
  return new Set(runs.map(read)).size > 1;
}

/** Date and time in UTC; the current year is left out. */
function startTime(at: string, now: Date): string {
  const text = at.slice(0, 16).replace('T', ' ');
  return text.startsWith(`${now.getUTCFullYear()}-`) ? text.slice(5) : text;
}
