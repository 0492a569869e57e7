/** @file Writes the files of an export: all of them, or none if one cannot be written. */

import { existsSync, linkSync, lstatSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { ioError, systemCode, UserError } from '../errors.js';
import {
  isDirectory,
  makeDirectory,
  removeIfEmpty,
  syncFolder,
  temporaryName,
  writeSynced,
} from '../files.js';
import { isSweep, PLAN_FILE } from '../runs/find.js';
import { holdsRun } from '../runs/reading.js';

/** A file to write. */
export interface OutputFile {
  readonly path: string;
  /** The content, in parts that follow each other. */
  readonly parts: readonly (string | Uint8Array)[];
  /** The option that names it, for errors; `--out` if it is missing. */
  readonly option?: string;
}

/**
 * Writes files under temporary names, and renames them when all are complete.
 *
 * @param files read one after the other, so that only one needs to be in memory
 * @param force whether existing files are replaced
 * @throws {UserError} E_USAGE if a file exists, or is in the folder of a run; E_IO if one cannot be written. No file and no
 *   folder is left behind
 */
export async function writeFiles(
  files: Iterable<OutputFile> | AsyncIterable<OutputFile>,
  force: boolean,
): Promise<void> {
  const folders: string[] = []; // the deepest first
  const pending: Pending[] = [];
  let renamed = 0;
  try {
    for await (const { path, parts, option } of files) {
      const isNew = checkTarget(path, force, option);
      folders.unshift(...makeDirectory(dirname(path)));
      const temporary = temporaryName(path);
      pending.push({ temporary, path, isNew, option });
      writeSynced(temporary, ...parts);
    }
    for (const each of pending) {
      rename(each);
      renamed++;
    }
    for (const folder of new Set(pending.map(({ path }) => dirname(path)))) syncFolder(folder);
  } catch (error) {
    for (const [index, { temporary, path, isNew }] of pending.entries()) {
      rmSync(temporary, { force: true });
      if (index < renamed && isNew) rmSync(path, { force: true });
    }
    for (const folder of folders) removeIfEmpty(folder);
    throw error;
  }
}

/** A file under its temporary name. */
interface Pending {
  readonly temporary: string;
  readonly path: string;
  /** Whether nothing may be replaced. */
  readonly isNew: boolean;
  readonly option: string | undefined;
}

/** Gives a file its name. A file that another program has just created there is not replaced. */
function rename({ temporary, path, isNew, option }: Pending): void {
  try {
    if (isNew && isLinked(temporary, path)) rmSync(temporary);
    else {
      if (isNew) checkTarget(path, false, option);
      renameSync(temporary, path);
    }
  } catch (error) {
    throw error instanceof UserError ? error : ioError(`write ${path}`, error);
  }
}

/** Adds a name to a file, unless the name is taken. Returns false if it is, or if the file system has no links. */
function isLinked(path: string, name: string): boolean {
  try {
    linkSync(path, name);
    return true;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return false;
  }
}

/**
 * Checks that a file may be written.
 *
 * @param option the option that names the file
 * @returns whether it does not exist
 * @throws {UserError} E_USAGE if it may not
 */
export function checkTarget(path: string, force: boolean, option = '--out'): boolean {
  const refuse = (message: string, hint: string): UserError =>
    new UserError('E_USAGE', `${option}: ${message}; nothing was written.`, { hint });
  const elsewhere = `Choose a path elsewhere with \`${option}\`.`;
  const parents = parentsOf(path);
  const existing = parents.find((parent) => existsSync(parent));
  if (existing !== undefined) parents.push(...parentsOf(join(realpathSync(existing), 'file'))); // a link may lead into a run
  const file = parents.find((parent) => existsSync(parent) && !isDirectory(parent));
  if (file !== undefined) throw refuse(`${file} is a file, not a folder`, elsewhere);
  const run = parents.find(holdsRun);
  if (run !== undefined) throw refuse(`${path} is in the folder of the run ${run}`, elsewhere);
  if (basename(path) === PLAN_FILE && isSweep(dirname(path)))
    throw refuse(`${path} is the plan of a sweep`, elsewhere);
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return true;
  if (isDirectory(path)) throw refuse(`${path} is a folder`, `Name a file, such as ${path}/NAME.`);
  if (!stat.isFile() && !stat.isSymbolicLink())
    throw refuse(
      `${path} is a pipe or a device, not a file`,
      option === '--out' ? 'For standard output, use `--format csv --out -`.' : 'Name a file.',
    );
  if (!force) throw refuse(`${path} exists`, 'Choose another path, or replace it with `--force`.');
  return false;
}

/** The folders that contain a path, from the inside to the outside. */
function parentsOf(path: string): string[] {
  const parent = dirname(resolve(path));
  return parent === resolve(path) ? [] : [parent, ...parentsOf(parent)];
}
