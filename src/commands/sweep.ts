/** @file `wnlstm sweep`: all runs of a sweep file that have no result yet. */
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { type Config, configKeys, defaultConfig } from '../config.js';
import { gpuNames } from '../engines/autodiff/tensorflow/gpu.js';
import { EXIT, UserError } from '../errors.js';
import { makeDirectory } from '../files.js';
import { alignColumns } from '../report/table.js';
import { acquireLock } from '../runs/lock.js';
import { type Board, createBoard, type RunState } from '../sweep/board.js';
import { estimateSeconds } from '../sweep/estimate.js';
import type { JobEnd } from '../sweep/executor.js';
import { createLocalExecutor } from '../sweep/local.js';
import { type OpenedSweep, openSweep } from '../sweep/open.js';
import { addSeeds, type Plan, type PlannedRun, plannedRuns, writePlan } from '../sweep/plan.js';
import { resultOf, runSweep } from '../sweep/run-sweep.js';
import { scheduleOf } from '../train/trainer.js';
import { plural, quoted, seconds } from './format.js';
import type { Configure, Io } from './io.js';
import { addRunsOption } from './options.js';
import { createSweepDisplay } from './sweep-display.js';

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

const wholeNumber = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1_000_000) {
    throw new InvalidArgumentError('It must be a whole number from 1.');
  }
  return value;
};

export const configureSweep: Configure = (command, io) => {
  addSweepOptions(command).action((path: string, options: SweepOptions) => sweep(path, options, io));
};

const addSweepOptions = (command: Command): Command =>
  addRunsOption(command.argument('<file>', 'sweep file, such as configs/sweeps/article.json'))
    .option('--backend <name>', 'what computes, instead of what the file says')
    .option('--device <name>', 'where: cpu or cuda')
    .option('--jobs <n>', 'runs at a time (default: one a core, or one a GPU)', wholeNumber)
    .option('--threads <n>', 'threads of all jobs together (default: one a core)', wholeNumber)
    .option('--add-seeds <n>', 'so many seeds more than were planned', wholeNumber)
    .option('--dry-run', 'show what would run and how long it would take, and train nothing')
    .option('--fail-fast', 'stop all at the first run that fails')
    .option('--yes', `do not ask before more than ${MANY_RUNS.toLocaleString('en')} runs`)
    .option('--quiet', 'no progress, errors only')
    .option('--json', 'print the counts at the end as one line of JSON');

/** How the work is divided. */
interface Shape {
  readonly jobs: number;
  /** Of each job. */
  readonly threads: number;
  readonly gpus: number;
}

/** A sweep as it is to be run, with all its runs and those that have no result yet. */
interface Prepared extends OpenedSweep {
  readonly runs: readonly PlannedRun[];
  readonly left: readonly PlannedRun[];
  readonly shape: Shape;
}

const prepare = async (path: string, options: SweepOptions): Promise<Prepared> => {
  const { backend, device } = options;
  const opened = await openSweep(path, options.runs, {
    ...(backend === undefined ? {} : { backend }),
    ...(device === undefined ? {} : { device }),
  });
  const plan =
    options.addSeeds === undefined
      ? opened.plan
      : addSeeds(opened.plan, options.addSeeds, new Date().toISOString());
  const runs = plannedRuns(plan);
  const left = runs.filter((run) => resultOf(opened.directory, run) === null);
  const threads = options.threads ?? availableParallelism();
  const gpus = plan.arms.some(({ config }) => config.device === 'cuda') ? Math.max(1, gpuNames().length) : 0;
  const jobs = options.jobs ?? Math.max(1, Math.min(left.length, gpus || threads));
  const shape = { jobs, threads: Math.max(1, Math.floor(threads / jobs)), gpus };
  return { ...opened, plan, runs, left, shape };
};

const sweep = async (path: string, options: SweepOptions, io: Io): Promise<void> => {
  const prepared = await prepare(path, options);
  const { plan, directory, left, shape } = prepared;
  if (options.dryRun) return dryRun(prepared, io);
  if (left.length > MANY_RUNS && !options.yes) await confirm(left.length, io);

  makeDirectory(directory);
  const release = acquireLock(directory);
  const executor = createLocalExecutor(shape.jobs, shape.threads, shape.gpus);
  const board = boardOf(prepared);
  if (!options.quiet) for (const line of introduction(prepared, io)) io.err(line);
  const display = createSweepDisplay(board, io, Boolean(options.quiet) || left.length === 0);
  try {
    writePlan(directory, plan);
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
    report(prepared, board, ends, options, io);
  } finally {
    display.close();
    executor.dispose();
    release();
  }
};

const boardOf = ({ plan, runs, directory, dataset }: Prepared): Board =>
  createBoard(
    plan,
    runs,
    ({ config }) => scheduleOf(config, dataset.train.count).totalSteps,
    (run): RunState | null => {
      const summary = resultOf(directory, run);
      if (summary === null) return null;
      return summary.status === 'diverged'
        ? { kind: 'diverged' }
        : { kind: 'completed', valAccuracy: summary.val_accuracy };
    },
  );

const introduction = (
  { plan, directory, choices, runs, left, shape, begunBefore }: Prepared,
  io: Io,
): string[] => {
  const { bold, dim } = io.errColor;
  const there = begunBefore ? `, ${runs.length - left.length} of them there already` : '';
  return [
    `${bold('wnlstm')} ${plan.name}: ${plural(plan.arms.length, 'arm')} x ${plural(plan.seeds.length, 'seed')}, ${plural(runs.length, 'run')}${there}`,
    ...(plan.about ? [dim(plan.about)] : []),
    dim(
      choices
        .map(
          ({ backend, device, why }) =>
            `${backend}${device === 'cuda' ? ' cuda' : ''}${why ? ` (auto: ${why})` : ''}`,
        )
        .join('; '),
    ),
    dim(`${plural(shape.jobs, 'job')} at a time, ${plural(shape.threads, 'thread')} each`),
    dim(directory),
  ];
};

/** What differs from the first arm's config, such as `model=base lr=0.01`; of the first, from the defaults. */
const describeArm = (plan: Plan, index: number): string => {
  const { config } = plan.arms[index];
  const reference = defaultConfig();
  return configKeys
    .filter((key) => !['seed', 'threads', 'data'].includes(key) && config[key] !== reference[key])
    .map((key) => `${key}=${config[key]}`)
    .join(' ');
};

const dryRun = async (prepared: Prepared, io: Io): Promise<void> => {
  const { plan, directory, runs, left, shape, dataset } = prepared;
  for (const line of introduction(prepared, io)) io.err(line);
  const rows = plan.arms.map(({ name }, index) => {
    const of = (list: readonly PlannedRun[]): string => String(list.filter(({ arm }) => arm === name).length);
    return { cells: [name, of(runs), of(left)], config: describeArm(plan, index) };
  });
  const table = alignColumns([['arm', 'runs', 'to do'], ...rows.map(({ cells }) => cells)]).split('\n');
  for (const [at, line] of table.entries()) io.out(at === 0 ? line : `${line}  ${rows[at - 1].config}`);
  for (const [a, b] of plan.comparisons) io.out(`compared: ${a} with ${b}`);
  const estimate = await estimateSeconds(left, dataset, shape.jobs, shape.threads);
  io.out(
    left.length === 0
      ? `All ${plural(runs.length, 'run')} have a result in ${directory}.`
      : `${plural(left.length, 'run')} to do, about ${seconds(estimate)} here.`,
  );
};

const confirm = async (count: number, io: Io): Promise<void> => {
  const problem = new UserError('E_USAGE', `${plural(count, 'run')} are many; nothing was started.`, {
    hint: 'See what they would be with `--dry-run`, or go ahead with `--yes`.',
  });
  if (!io.ask) throw problem;
  const answer = await io.ask(`${plural(count, 'run')} are many. Train them all? [y/N] `);
  if (!/^y(es)?$/i.test(answer.trim())) throw problem;
};

/** The last lines of a run's log. */
const logTail = (directory: string, { id }: PlannedRun): string[] => {
  const path = join(directory, id, 'log.txt');
  return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n').slice(-8) : [];
};

const report = (
  { plan, directory, runs }: Prepared,
  board: Board,
  ends: ReadonlyMap<PlannedRun, JobEnd>,
  options: SweepOptions,
  io: Io,
): void => {
  const failed = [...ends].filter(([, end]) => end.kind === 'failed');
  const [completed, diverged] = [board.count('completed'), board.count('diverged')];
  const left = runs.length - completed - diverged;
  if (failed.length > 0) io.exit(EXIT.failed);
  else if (left > 0) io.exit(EXIT.stopped);

  const { bold, dim, red } = io.errColor;
  for (const [run, end] of failed) {
    io.err(red(`failed  ${run.arm} seed ${run.seed}: ${end.kind === 'failed' ? end.reason : ''}`));
    io.err(dim(join(directory, run.id, 'log.txt')));
    for (const line of logTail(directory, run)) io.err(dim(`  ${line}`));
  }
  if (options.json) {
    io.out(
      JSON.stringify({
        name: plan.name,
        dir: directory,
        runs: runs.length,
        completed,
        diverged,
        failed: failed.length,
        left,
      }),
    );
    return;
  }
  if (options.quiet) return;
  const others = diverged > 0 ? `, ${diverged} diverged` : '';
  if (left > 0) {
    io.err(
      `${plural(left, 'run')} of ${runs.length} ${left === 1 ? 'has' : 'have'} no result yet. Go on: the same command again.`,
    );
    return;
  }
  io.out(
    bold(
      `${plan.name}: all ${plural(runs.length, 'run')} ${runs.length === 1 ? 'has' : 'have'} a result${others}`,
    ),
  );
  io.out(dim(`Compare: \`wnlstm compare ${quoted(directory)}\``));
  io.out(dim(`Plot:    \`wnlstm plot ${quoted(directory)}\``));
};
