/** @file Finds runs by folder or name, and lists all runs in a folder. */

import { existsSync, readdirSync } from 'node:fs';
import { basename, isAbsolute, join, relative, sep } from 'node:path';
import { ioError, UserError } from '../errors.js';
import { isDirectory } from '../files.js';
import { nearest } from '../text/nearest.js';
import { singleLine } from '../text/printable.js';
import { type FoundRun, holdsRun, readRun } from './reading.js';

/** The file that marks the folder of a sweep, which contains its runs. */
export const PLAN_FILE = 'plan.json';

/**
 * The folders of all runs that a name stands for: one run, or the runs in a sweep or folder. Damaged runs are included.
 *
 * @throws {UserError} E_RUN if there is none, or if several ids start with the name
 */
export function runDirectories(runsDirectory: string, name: string): string[] {
  for (const folder of placesOf(runsDirectory, name)) {
    if (holdsRun(folder)) return [folder];
    const inside = isDirectory(folder) ? candidates(folder).filter(holdsRun) : [];
    if (inside.length > 0) return inside;
  }
  const byPrefix = (existsSync(runsDirectory) ? candidates(runsDirectory) : []).filter(
    (directory) => holdsRun(directory) && basename(directory).startsWith(name),
  );
  return byPrefix.length === 1 ? byPrefix : [findRun(runsDirectory, name).directory];
}

/**
 * The paths that a name can mean: itself, and one in the folder of all runs. An absolute path means only itself; joined with the
 * folder, `/` would be all runs.
 *
 * @throws {UserError} E_USAGE for an empty name, such as that of a variable that is not set, which would be all runs too
 */
export function placesOf(runsDirectory: string, name: string): string[] {
  if (name === '')
    throw new UserError('E_USAGE', 'Expected the name of a run, got an empty one.', {
      hint: 'If it is from a variable of the shell, check that the variable is set.',
    });
  return isAbsolute(name) ? [name] : [name, join(runsDirectory, name)];
}

/**
 * Folders that may hold a run: those in the folder and, one level deeper, those of its sweeps. A folder that may not be listed is
 * one of them, because reading it as a run reports the reason; the others are found nevertheless.
 */
export function candidates(runsDirectory: string): string[] {
  return namesIn(runsDirectory).flatMap((name) => {
    const directory = join(runsDirectory, name);
    if (holdsRun(directory) && !isSweep(directory)) return [directory];
    return isDirectory(directory) ? inside(directory) : [];
  });
}

function inside(directory: string): string[] {
  try {
    return namesIn(directory).map((run) => join(directory, run));
  } catch {
    return [directory];
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    throw ioError(`list ${directory}`, error);
  }
}

/** The path of a run in the folder of all runs: its id, preceded by the sweep's name if it belongs to one. */
export function nameOf(runsDirectory: string, { directory }: FoundRun): string {
  return singleLine(relative(runsDirectory, directory));
}

/** Removes plain files from names, which a shell adds when it expands `folder/*`. */
export function withoutFiles(names: readonly string[]): readonly string[] {
  const folders = names.filter((name) => !existsSync(name) || isDirectory(name));
  return names.length > 1 && folders.length > 0 ? folders : names;
}

/**
 * The run that a name stands for: a folder, a run id or the start of one. Without a name, the newest run of a kind.
 *
 * @throws {UserError} E_RUN if there is none or more than one
 */
export function findRun(
  runsDirectory: string,
  name: string | undefined,
  newest: { kind: string; matches: (run: FoundRun) => boolean } = { kind: 'run', matches: () => true },
): FoundRun {
  if (name !== undefined) refuseSweep(runsDirectory, name);
  const direct = name === undefined ? null : readRun(name);
  if (direct) return direct;
  const damaged = new Map<string, UserError>();
  const runs = listRuns(runsDirectory, (error, directory) => damaged.set(directory, error));
  if (name === undefined) {
    const found = runs.filter(newest.matches).at(-1); // damaged runs are skipped
    if (found) return found;
    const others = damaged.size === 0 ? '' : ` ${damaged.size} cannot be read.`;
    throw new UserError('E_RUN', `There is no ${newest.kind} in ${runsDirectory}.${others}`, {
      hint: `List all runs with \`${listCommand(runsDirectory)}\`. Start one with \`wnlstm train\`.`,
    });
  }
  const namesOf = ({ directory, id }: { directory: string; id: string }): string[] => [
    id,
    basename(directory),
    relative(runsDirectory, directory),
  ];
  const known = [
    ...runs.map((run) => ({ directory: run.directory, id: run.record.run_id, run })),
    ...[...damaged].map(([directory, error]) => ({ directory, id: basename(directory), error })),
  ];
  const exact = known.filter((each) => namesOf(each).includes(name));
  const byPrefix = known.filter((each) => namesOf(each).some((other) => other.startsWith(name)));
  const matches = exact.length > 0 ? exact : byPrefix;
  const [match] = matches;
  if (match && matches.length === 1) {
    if ('run' in match) return match.run;
    throw match.error;
  }
  const some = matches.slice(0, 5).map(({ directory }) => relative(runsDirectory, directory));
  const found =
    matches.length === 0
      ? `no run${nearest(name, [...new Set(known.flatMap(namesOf).flatMap((path) => path.split(sep)))])}`
      : `${matches.length} runs (${some.join(', ')}${matches.length > some.length ? ', …' : ''})`;
  throw new UserError(
    'E_RUN',
    `Expected one run with the name ${name} in ${runsDirectory}, found ${found}.`,
    {
      hint: `List all runs with \`${listCommand(runsDirectory)}\`.`,
    },
  );
}

/** The default folder needs no option. */
function listCommand(runsDirectory: string): string {
  return runsDirectory === 'runs' ? 'wnlstm ls' : `wnlstm ls --runs ${runsDirectory}`;
}

function refuseSweep(runsDirectory: string, name: string): void {
  const directory = placesOf(runsDirectory, name).find(isSweep);
  if (directory === undefined) return;
  throw new UserError('E_RUN', `Expected one run, got the sweep ${directory}.`, {
    hint: `List its runs with \`wnlstm ls --runs ${directory}\`. \`wnlstm compare ${directory}\` and \`wnlstm plot ${directory}\` show all of them.`,
  });
}

/**
 * All runs in a folder, including those of sweeps, ordered by their start.
 *
 * @param onDamaged receives the error of each run that cannot be read; the other runs are listed nevertheless
 */
export function listRuns(
  runsDirectory: string,
  onDamaged: (error: UserError, directory: string) => void,
): FoundRun[] {
  if (!existsSync(runsDirectory)) return [];
  const runs: FoundRun[] = [];
  for (const directory of candidates(runsDirectory)) {
    try {
      const run = readRun(directory);
      if (run) runs.push(run);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      onDamaged(error, directory);
    }
  }
  return runs.sort((a, b) => a.record.started_at.localeCompare(b.record.started_at));
}

/** Whether a folder is the folder of a sweep. */
export function isSweep(directory: string): boolean {
  return existsSync(join(directory, PLAN_FILE));
}
