/** @file `wnlstm sweep`: trains every run of a sweep file that has no result yet. */

import { join } from 'node:path';
import { type Command, Option } from '@commander-js/extra-typings';
import { pathOrBundled } from '../bundled-files.js';
import { BACKENDS, DEVICES } from '../config.js';
import { EXIT, UserError } from '../errors.js';
import { makeDirectory, removeIfEmpty } from '../files.js';
import { acquireLock, type Lock } from '../runs/lock.js';
import { readJobs } from '../slurm/jobs.js';
import { createBoard } from '../sweep/board.js';
import { createMachineExecutor, planShape } from '../sweep/machine.js';
import { findSweep, openSweep, type SweepFile } from '../sweep/open.js';
import { type PlannedRun, writePlan } from '../sweep/plan.js';
import { runSweep } from '../sweep/scheduler.js';
import type { Shape } from '../sweep/shape.js';
import type { Configure, Io } from '../terminal/io.js';
import { printNote } from '../terminal/messages.js';
import { notify } from '../terminal/notify.js';
import {
  addMachineOptions,
  addRunsOption,
  type OptionsOf,
  parseCommand,
  parsePath,
  parsePositive,
} from '../terminal/options.js';
import { quoted, runsFlag } from '../terminal/shell.js';
import { addSlurmOptions, checkLauncher } from '../terminal/slurm-options.js';
import { cancelOnSlurm, checkSlurm, dryRunOnSlurm, submitToSlurm } from '../terminal/slurm-sweep.js';
import { createSweepDisplay } from '../terminal/sweep-display.js';
import {
  describeShape,
  dryRun,
  introduction,
  type PreparedSweep,
  reportPlan,
  reportSweep,
  sweepOutcome,
} from '../terminal/sweep-report.js';
import { plural } from '../text/plural.js';
import { restoreConfig } from '../train/folder.js';
import { scheduleOf } from '../train/trainer.js';

/** A sweep of more runs than this needs confirmation. */
const MANY_RUNS = 1000;

/** Time for another submission of the same sweep to end. */
const SUBMISSION_MS = 30_000;

type SweepOptions = OptionsOf<typeof addSweepOptions>;

export const configure: Configure = (command, io, run) => {
  addSweepOptions(command).action(run((path, options) => sweep(path, options, io)));
};

function addSweepOptions(command: Command) {
  return addSlurmOptions(addLocalOptions(command));
}

function addLocalOptions(command: Command) {
  const withPlaces = addRunsOption(
    command.argument('<file>', 'sweep file, or the name of a bundled one such as article', parsePath),
  )
    .addOption(
      new Option('--backend <name>', 'backend of all arms; default: that of the file').choices([
        'auto',
        ...BACKENDS,
      ]),
    )
    .addOption(
      new Option('--device <name>', 'device of all arms; default: that of the file').choices([
        'auto',
        ...DEVICES,
      ]),
    );
  return addMachineOptions(withPlaces)
    .option('--add-seeds <n>', 'add this many seeds to the plan', parsePositive)
    .option('--dry-run', 'print what would run and how long it would take, and exit')
    .option('--plan-only', 'write the plan and exit; wnlstm work trains its runs')
    .option('--fail-fast', 'stop the sweep at the first run that fails')
    .option(
      '--wait',
      'wait for another process that runs the sweep; slurm: show progress until all jobs have ended',
    )
    .option('--yes', `do not ask for confirmation of more than ${plural(MANY_RUNS, 'run')}`)
    .option(
      '--notify <command>',
      'run this command in a shell at the end, with the outcome in WNLSTM_* variables',
      parseCommand,
    )
    .option('--quiet', 'print no progress, only errors')
    .option('--json', 'print the result, or with --dry-run the plan, as one line of JSON');
}

async function sweep(path: string, options: SweepOptions, io: Io): Promise<number> {
  checkLauncher(options);
  const { backend, device } = options;
  const file = findSweep(path, pathOrBundled('sweep file', path), options.runs, {
    ...(backend === undefined ? {} : { backend }),
    ...(device === undefined ? {} : { device }),
  });
  const isSlurm = options.launcher === 'slurm';
  if (options.cancel) return cancelOnSlurm(file, io);
  if (options.dryRun) {
    if (isSlurm) return dryRunOnSlurm(file, await prepare(file, options), options, io);
    const prepared = await prepare(file, options);
    await dryRun(prepared, await shapeHere(file, prepared, options), Boolean(options.json), io);
    return EXIT.done;
  }
  if (isSlurm) await checkSlurm(file, options);
  const { directory } = file;
  const created = makeDirectory(directory);
  let afterwards = null;
  try {
    const lock = await acquireLock(directory, {
      follow: `wnlstm ls --runs ${quoted(directory)}`,
      wait: isSlurm || Boolean(options.wait), // another submission takes seconds
      onWait: (reason) => printNote(reason, io),
      signal: isSlurm ? AbortSignal.any([io.signal, AbortSignal.timeout(SUBMISSION_MS)]) : io.signal,
    });
    try {
      const prepared = await prepare(file, options);
      const shape = isSlurm || options.planOnly ? null : await shapeHere(file, prepared, options);
      if (prepared.left.length > MANY_RUNS && !options.yes) await confirm(prepared.left.length, io);
      lock.assertHeld();
      writePlan(directory, prepared.plan);
      if (options.planOnly) return reportPlan(prepared, Boolean(options.quiet), io);
      if (!isSlurm && readJobs(directory).length > 0)
        printNote(
          'Jobs of this sweep were submitted to Slurm. To continue there, add `--launcher slurm`.',
          io,
        );
      if (shape !== null) return await runPrepared(prepared, shape, lock, options, io);
      afterwards = await submitToSlurm(file, prepared, lock, options, io);
    } finally {
      lock.release();
    }
  } finally {
    for (const folder of created) removeIfEmpty(folder); // if nothing was started
  }
  return afterwards();
}

async function prepare(file: SweepFile, options: SweepOptions): Promise<PreparedSweep> {
  const isElsewhere = options.launcher === 'slurm' || Boolean(options.planOnly);
  const opened = await openSweep(file, options.addSeeds, isElsewhere);
  return {
    ...opened,
    resumeCommand: `wnlstm sweep ${quoted(file.name)}${runsFlag(options.runs)}`,
  };
}

/** How this machine computes a sweep. */
function shapeHere(
  { sweep }: SweepFile,
  { plan, left }: PreparedSweep,
  options: SweepOptions,
): Promise<Shape> {
  const { jobs, threads, gpuLanes } = options;
  const arms = plan.arms.map((arm) => ({
    ...arm,
    requested: sweep.arms.find(({ name }) => name === arm.name)?.config ?? arm.config,
  }));
  return planShape(arms, left, { jobs, threads, gpuLanes });
}

async function confirm(count: number, io: Io): Promise<void> {
  const problem = new UserError(
    'E_USAGE',
    `${plural(count, 'run')} need confirmation (limit ${MANY_RUNS.toLocaleString('en')}); nothing was started.`,
    {
      hint: 'List them with `--dry-run`, or confirm with `--yes`.',
    },
  );
  if (!io.ask) throw problem;
  const answer = await io.ask(`Train ${plural(count, 'run')}? [y/N] `);
  if (!/^y(es)?$/i.test(answer.trim())) throw problem;
}

async function runPrepared(
  prepared: PreparedSweep,
  shape: Shape,
  lock: Lock,
  options: SweepOptions,
  io: Io,
): Promise<number> {
  const { plan, directory, runs, results, left, dataset } = prepared;
  for (const run of runs) restoreConfig(join(directory, run.id), run.config);
  const stepsOf = ({ config }: PlannedRun): number => scheduleOf(config, dataset.train.count).totalSteps;
  const board = createBoard(plan, runs, stepsOf, results);
  if (!options.quiet) for (const line of introduction(prepared, describeShape(shape), io)) io.err(line);
  const display = createSweepDisplay(board, io, Boolean(options.quiet) || left.length === 0);
  const executor = createMachineExecutor(shape, display.onNote);
  try {
    const ends = await runSweep(
      left,
      directory,
      executor,
      { failFast: Boolean(options.failFast), signal: io.signal, assertHeld: lock.assertHeld },
      (event) => {
        board.onEvent(event);
        display.onEvent(event);
      },
    );
    display.close();
    const code = reportSweep(prepared, board, ends, options, io);
    notify(options.notify, sweepOutcome(prepared, board, ends), io);
    return code;
  } finally {
    display.close();
    executor.dispose();
  }
}
