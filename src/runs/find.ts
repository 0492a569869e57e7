/** @file Finding runs again: by folder, by name, all of a folder. */

import { existsSync, readdirSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { ioError, UserError } from '../errors.js';
import { isDirectory } from '../files.js';
import { nearest } from '../text/nearest.js';
import { type FoundRun, holdsRun, readRun } from './reading.js';

/** What marks the folder of a sweep, whose runs lie in it. */
export const PLAN_FILE = 'plan.json';

/**
 * Folders of all runs that a name means, also of those that cannot be read: of one run, or of those in a sweep or folder.
 *
 * @throws {UserError} E_RUN if there is none, or the start of an id means several
 */
export function runDirectories(runsDirectory: string, name: string): string[] {
  for (const folder of [name, join(runsDirectory, name)]) {
    if (holdsRun(folder)) return [folder];
    const inside = isDirectory(folder) ? candidates(folder).filter(holdsRun) : [];
    if (inside.length > 0) return inside;
  }
  const begun = (existsSync(runsDirectory) ? candidates(runsDirectory) : []).filter(
    (directory) => holdsRun(directory) && basename(directory).startsWith(name),
  );
  return begun.length === 1 ? begun : [findRun(runsDirectory, name).directory];
}

/** Folders that may hold a run: those in the folder, and one level down those of its sweeps, with or without their plan. */
function candidates(runsDirectory: string): string[] {
  return namesIn(runsDirectory).flatMap((name) => {
    const directory = join(runsDirectory, name);
    if (holdsRun(directory) && !isSweep(directory)) return [directory];
    return isDirectory(directory) ? namesIn(directory).map((run) => join(directory, run)) : [];
  });
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    throw ioError(`list ${directory}`, error);
  }
}

/** How a run is called within the folder of all: its id, with the sweep's name before it if it has one. */
export function nameOf(runsDirectory: string, { directory }: FoundRun): string {
  return relative(runsDirectory, directory);
}

/** Names as a shell makes them of `folder/*`: the files beside the runs are none. */
export function withoutFiles(names: readonly string[]): readonly string[] {
  const folders = names.filter((name) => !existsSync(name) || isDirectory(name));
  return names.length > 1 && folders.length > 0 ? folders : names;
}

/**
 * The one run that a name means: a folder, a run id or the start of one; without a name, the newest of a kind.
 *
 * @throws {UserError} E_RUN if there is none or more than one
 */
export function findRun(
  runsDirectory: string,
  name: string | undefined,
  newest: { kind: string; wanted: (run: FoundRun) => boolean } = { kind: 'run', wanted: () => true },
): FoundRun {
  if (name !== undefined) refuseSweep(runsDirectory, name);
  const direct = name === undefined ? null : readRun(name);
  if (direct) return direct;
  const damaged = new Map<string, UserError>();
  const runs = listRuns(runsDirectory, (error, directory) => damaged.set(directory, error));
  if (name === undefined) {
    const found = runs.filter(newest.wanted).at(-1); // a damaged run is no reason not to find another
    if (found) return found;
    const others = damaged.size === 0 ? '' : ` ${damaged.size} cannot be read.`;
    throw new UserError('E_RUN', `There is no ${newest.kind} in ${runsDirectory}.${others}`, {
      hint: 'List all with `wnlstm ls`, start one with `wnlstm train`.',
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
  const begun = known.filter((each) => namesOf(each).some((other) => other.startsWith(name)));
  const matches = exact.length > 0 ? exact : begun;
  if (matches.length === 1) {
    const [match] = matches;
    if ('run' in match) return match.run;
    throw match.error;
  }
  const some = matches.slice(0, 5).map(({ directory }) => relative(runsDirectory, directory));
  const found =
    matches.length === 0
      ? `no run${nearest(name, [...new Set(known.flatMap(namesOf).flatMap((path) => path.split(sep)))])}`
      : `${matches.length} runs (${some.join(', ')}${matches.length > some.length ? ', …' : ''})`;
  throw new UserError('E_RUN', `Expected one run called ${name} in ${runsDirectory}, found ${found}.`, {
    hint: 'List them with `wnlstm ls`.',
  });
}

function refuseSweep(runsDirectory: string, name: string): void {
  const directory = [name, join(runsDirectory, name)].find(isSweep);
  if (directory === undefined) return;
  throw new UserError('E_RUN', `Expected one run, got the sweep ${directory}.`, {
    hint: `Its runs: \`wnlstm ls --runs ${directory}\`. All together: \`wnlstm compare ${directory}\`, \`wnlstm plot ${directory}\`.`,
  });
}

/**
 * All runs below a folder, by start, oldest first; those of sweeps too.
 *
 * @param onDamaged is told of each run that cannot be read; the others are listed all the same
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

/** Whether a folder is a sweep's. */
export function isSweep(directory: string): boolean {
  return existsSync(join(directory, PLAN_FILE));
}
