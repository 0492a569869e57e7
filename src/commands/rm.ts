/** @file `wnlstm rm`: removes runs and sweeps. */

import { existsSync, lstatSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Command } from '@commander-js/extra-typings';
import { EXIT, UserError } from '../errors.js';
import { removeIfEmpty } from '../files.js';
import { isSweep, PLAN_FILE, placesOf, runDirectories, withoutFiles } from '../runs/find.js';
import { acquireLock, ownerOf } from '../runs/lock.js';
import { describeOwner } from '../runs/owner.js';
import { runPaths } from '../runs/paths.js';
import { slurmFolder } from '../slurm/jobs.js';
import { plannedRuns, readPlan } from '../sweep/plan.js';
import type { Configure, Io } from '../terminal/io.js';
import { printNote } from '../terminal/messages.js';
import { addRunsOption, type OptionsOf, parseRuns } from '../terminal/options.js';
import { plural } from '../text/plural.js';
import { removeRun } from '../train/folder.js';

type Options = OptionsOf<typeof addOptions>;

export const configure: Configure = (command, io, run) => {
  addOptions(command).action(run((names, options) => remove(names, options, io)));
};

function addOptions(command: Command) {
  return addRunsOption(
    command.argument(
      '<runs...>',
      'runs (folders, ids or starts of ids), sweeps, or folders of runs',
      parseRuns,
    ),
  )
    .option('--sweep', 'also remove sweeps, with their plans, and runs of sweeps')
    .option('--yes', 'do not ask for confirmation')
    .option('--dry-run', 'list what would be removed, and exit');
}

async function remove(names: readonly string[], options: Options, io: Io): Promise<number> {
  const given = withoutFiles(names);
  const runs = [...new Set(given.flatMap((name) => runDirectories(options.runs, name)))];
  const sweeps = [...new Set(given.flatMap((name) => placesOf(options.runs, name)).filter(isSweep))];
  if (!options.sweep) refuseSweeps(runs, sweeps);
  for (const directory of runs) refuseOther(directory);
  for (const directory of [...runs, ...sweeps]) refuseOwned(directory);
  const bytes = runs.reduce((sum, directory) => sum + sizeOf(directory), 0);
  const what = `${plural(runs.length, 'run')} (${(bytes / 1e6).toFixed(1)} MB)`;
  if (options.dryRun) {
    for (const directory of runs) io.out(directory);
    io.out(`${what} would be removed`);
    return EXIT.done;
  }
  if (!options.yes) await confirm(runs, what, io);
  for (const directory of runs) {
    io.signal.throwIfAborted();
    if (lstatSync(resolve(directory)).isSymbolicLink()) {
      rmSync(resolve(directory)); // the run that it leads to stays
      continue;
    }
    const lock = await acquireLock(directory, { signal: io.signal });
    removeRun(directory, lock);
    rmSync(directory, { recursive: true, force: true });
    lock.release();
  }
  for (const directory of sweeps) removeSweep(directory, io);
  io.out(`${what} removed`);
  return EXIT.done;
}

/** Removes the plan of a sweep whose runs are removed, and its folder unless it has files of the user. */
function removeSweep(directory: string, io: Io): void {
  const own = [join(directory, PLAN_FILE), slurmFolder(directory), runPaths(directory).lock];
  for (const path of own) rmSync(path, { recursive: true, force: true });
  removeIfEmpty(directory);
  const left = existsSync(directory) ? readdirSync(directory) : [];
  if (left.length > 0)
    printNote(`${directory} still has files that do not belong to the sweep: ${left.join(', ')}.`, io);
}

/**
 * A run of a sweep belongs to a plan, whose results would be incomplete without it. A run that the plan does not list, such as
 * one from `extend`, does not.
 */
function refuseSweeps(runs: readonly string[], sweeps: readonly string[]): void {
  const [sweep] = sweeps;
  const inSweep = runs.find((directory) => isSweep(dirname(directory)) && isPlanned(directory));
  if (sweep === undefined && inSweep === undefined) return;
  const what =
    sweep === undefined
      ? `${inSweep} is a run of the sweep ${dirname(inSweep ?? '')}`
      : `${sweep} is a sweep`;
  throw new UserError('E_USAGE', `${what}; nothing was removed.`, {
    hint: 'To remove runs of a sweep, or a sweep with its plan, add `--sweep`.',
  });
}

/** Whether the plan beside a run lists it; true if the plan cannot be read. */
function isPlanned(directory: string): boolean {
  try {
    const plan = readPlan(dirname(directory));
    return plan === null || plannedRuns(plan).some(({ id }) => id === basename(directory));
  } catch (error) {
    if (error instanceof UserError) return true;
    throw error;
  }
}

/** Folders of other programs can have the names of a run's files too, such as `checkpoints`. */
function refuseOther(directory: string): void {
  const { record } = runPaths(directory);
  if (existsSync(record)) return;
  throw new UserError(
    'E_RUN',
    `${record} is missing, so ${directory} may not be a run; nothing was removed.`,
    {
      hint: 'If it is one, remove the folder yourself.',
    },
  );
}

function refuseOwned(directory: string): void {
  const owner = ownerOf(directory);
  if (owner === null) return;
  throw new UserError('E_LOCKED', `${directory} is in use by ${describeOwner(owner)}; nothing was removed.`, {
    hint: 'Stop that process first.',
  });
}

async function confirm(runs: readonly string[], what: string, io: Io): Promise<void> {
  const problem = new UserError('E_USAGE', `Removing ${what} needs confirmation; nothing was removed.`, {
    hint: 'List the runs with `--dry-run`, or confirm with `--yes`.',
  });
  if (!io.ask) throw problem;
  for (const directory of runs) io.err(directory);
  const answer = await io.ask(`Remove ${what}? [y/N] `);
  if (!/^y(es)?$/i.test(answer.trim())) throw problem;
}

function sizeOf(directory: string): number {
  if (!existsSync(directory)) return 0;
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => statSync(join(directory, name), { throwIfNoEntry: false }))
    .reduce((sum, stat) => sum + (stat?.isFile() ? stat.size : 0), 0);
}
