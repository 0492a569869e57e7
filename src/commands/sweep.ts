/** @file `wnlstm sweep`: all runs of a sweep file that have no result yet. */

import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Config } from '../config.js';
import { usableCores } from '../cores.js';
import { UserError } from '../errors.js';
import { makeDirectory, removeIfEmpty } from '../files.js';
import { acquireLock } from '../runs/lock.js';
import { createBoard } from '../sweep/board.js';
import { createLocalExecutor } from '../sweep/local.js';
import { findSweep, openSweep, type SweepFile } from '../sweep/open.js';
import { type PlannedRun, writePlan } from '../sweep/plan.js';
import { runSweep } from '../sweep/scheduler.js';
import { gpuNames } from '../tensorflow/gpu.js';
import { quoted, runsFlag } from '../terminal/format.js';
import type { Configure, Io } from '../terminal/io.js';
import { addRunsOption, parsePath } from '../terminal/options.js';
import { createSweepDisplay } from '../terminal/sweep-display.js';
import { dryRun, introduction, type PreparedSweep, reportSweep } from '../terminal/sweep-report.js';
import { plural } from '../text/plural.js';
import { restoreConfig } from '../train/folder.js';
import { scheduleOf } from '../train/trainer.js';

interface SweepOptions {
  readonly runs: string;
  readonly backend?: Config['backend'];
  readonly device?: Config['device'];
  readonly jobs?: number;
  readonly threads?: number;
  readonly addSeeds?: number;
  readonly dryRun?: boolean;
  readonly failFast?: boolean;
  readonly yes?: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** More runs than this are asked about. */
const MANY_RUNS = 1000;

export const configureSweep: Configure = (command, io) => {
  addSweepOptions(command).action((path: string, options: SweepOptions) => sweep(path, options, io));
};

function addSweepOptions(command: Command): Command {
  return addRunsOption(
    command.argument('<file>', 'sweep file, such as configs/sweeps/article.json', parsePath),
  )
    .addOption(
      new Option('--backend <name>', 'what computes, instead of what the file says').choices([
        'auto',
        'native',
        'wasm',
        'tensorflow',
        'js',
      ]),
    )
    .addOption(new Option('--device <name>', 'where it computes').choices(['auto', 'cpu', 'cuda']))
    .option('--jobs <n>', 'runs at a time (default: one a core, or one a GPU)', wholeNumber)
    .option('--threads <n>', 'threads of all jobs together (default: one a core)', wholeNumber)
    .option('--add-seeds <n>', 'add this many seeds to those that were planned', wholeNumber)
    .option('--dry-run', 'show what would run and how long it would take, and train nothing')
    .option('--fail-fast', 'stop all at the first run that fails')
    .option('--yes', `do not ask before more than ${MANY_RUNS.toLocaleString('en')} runs`)
    .option('--quiet', 'no progress, errors only')
    .option('--json', 'print the counts at the end, or what would run, as one line of JSON');
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1_000_000) {
    throw new InvalidArgumentError('It must be a whole number from 1.');
  }
  return value;
}

async function sweep(path: string, options: SweepOptions, io: Io): Promise<void> {
  const { backend, device } = options;
  const file = findSweep(path, options.runs, {
    ...(backend === undefined ? {} : { backend }),
    ...(device === undefined ? {} : { device }),
  });
  if (options.dryRun) return dryRun(await prepare(file, options), Boolean(options.json), io);
  const { directory } = file;
  const created = makeDirectory(directory);
  try {
    const lock = acquireLock(directory, `wnlstm ls --runs ${quoted(directory)}`);
    try {
      const prepared = await prepare(file, options);
      if (prepared.left.length > MANY_RUNS && !options.yes) await confirm(prepared.left.length, io);
      lock.assertHeld();
      writePlan(directory, prepared.plan);
      await runPrepared(prepared, options, io);
    } finally {
      lock.release();
    }
  } finally {
    for (const folder of created) removeIfEmpty(folder); // if nothing was started
  }
}

async function prepare(file: SweepFile, options: SweepOptions): Promise<PreparedSweep> {
  const opened = await openSweep(file, options.addSeeds);
  const threads = options.threads ?? usableCores();
  const gpus = gpusFor(opened.plan.arms);
  const jobs = Math.max(1, Math.min(opened.left.length, options.jobs ?? (gpus.length || threads)));
  return {
    ...opened,
    shape: { jobs, threads: Math.max(1, Math.floor(threads / jobs)), gpus },
    resumeCommand: `wnlstm sweep ${quoted(file.path)}${runsFlag(options.runs)}`,
  };
}

async function runPrepared(prepared: PreparedSweep, options: SweepOptions, io: Io): Promise<void> {
  const { plan, directory, runs, results, left, shape, dataset } = prepared;
  for (const run of runs) restoreConfig(join(directory, run.id), run.config);
  const stepsOf = ({ config }: PlannedRun): number => scheduleOf(config, dataset.train.count).totalSteps;
  const board = createBoard(plan, runs, stepsOf, results);
  if (!options.quiet) for (const line of introduction(prepared, io)) io.err(line);
  const executor = createLocalExecutor(shape.jobs, shape.threads, shape.gpus);
  const display = createSweepDisplay(board, io, Boolean(options.quiet) || left.length === 0);
  try {
    const ends = await runSweep(
      left,
      directory,
      executor,
      { failFast: Boolean(options.failFast), signal: io.signal },
      (event) => {
        board.onEvent(event);
        display.onEvent(event);
      },
    );
    display.close();
    reportSweep(prepared, board, ends, options, io);
  } finally {
    display.close();
    executor.dispose();
  }
}

/** Ids of the GPUs that jobs may use; none if no arm uses one. */
function gpusFor(arms: readonly { readonly config: Config }[]): string[] {
  if (!arms.some(({ config }) => config.device === 'cuda')) return [];
  const allowed = process.env.CUDA_VISIBLE_DEVICES?.split(',').filter(Boolean) ?? [];
  return allowed.length > 0 ? allowed : gpuNames().map((_, index) => String(index));
}

async function confirm(count: number, io: Io): Promise<void> {
  const problem = new UserError('E_USAGE', `${plural(count, 'run')} are many; nothing was started.`, {
    hint: 'See what they would be with `--dry-run`, or go ahead with `--yes`.',
  });
  if (!io.ask) throw problem;
  const answer = await io.ask(`${plural(count, 'run')} are many. Train them all? [y/N] `);
  if (!/^y(es)?$/i.test(answer.trim())) throw problem;
}
