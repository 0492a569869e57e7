/** @file `wnlstm init`: writes a small project to start from. */

import { lstatSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { EXIT, UserError } from '../errors.js';
import { isDirectory, makeDirectory, removeIfEmpty, replaceFile, writeSynced } from '../files.js';
import type { Configure, Io } from '../terminal/io.js';
import { parsePath } from '../terminal/options.js';
import { nextCommands, projectFiles } from '../terminal/project-files.js';
import { programName, quoted } from '../terminal/shell.js';

export const configure: Configure = (command, io, run) => {
  command
    .argument('[dir]', 'folder of the project; it is created if it does not exist', parsePath, '.')
    .option('--force', 'overwrite files with the names of the project')
    .action(run((directory, { force }) => init(directory, Boolean(force), io)));
};

function init(directory: string, force: boolean, io: Io): number {
  if (exists(directory) && !isDirectory(directory)) {
    throw new UserError('E_USAGE', `Expected a folder, got ${directory}, which is not one.`, {
      hint: 'Name another folder, such as `wnlstm init experiments`.',
    });
  }
  const program = programName();
  const files = projectFiles(program).map(({ name, text }) => ({ path: join(directory, name), text }));
  refuseExisting(
    files.map(({ path }) => path),
    force,
  );
  const folders = makeDirectory(directory);
  if (force) for (const { path, text } of files) replaceFile(path, text);
  else writeNew(files, folders);
  for (const { path } of files) io.out(path);
  io.err('Next:');
  if (relative('.', directory) !== '') io.err(`  cd ${quoted(directory)}`);
  for (const command of nextCommands(program)) io.err(`  ${command}`);
  return EXIT.done;
}

/**
 * Writes new files: all of them, or none. A file that another process has just created is not overwritten.
 *
 * @param folders the folders that were created for them, the deepest first
 */
function writeNew(files: readonly { path: string; text: string }[], folders: readonly string[]): void {
  const written: string[] = [];
  try {
    for (const { path, text } of files) {
      writeSynced(path, text);
      written.push(path);
    }
  } catch (error) {
    for (const path of written) rmSync(path, { force: true });
    for (const folder of folders) removeIfEmpty(folder);
    throw error;
  }
}

/** @throws {UserError} E_USAGE if a path is taken; with `force` only if it is taken by something other than a file */
function refuseExisting(paths: readonly string[], force: boolean): void {
  const taken = paths.filter((path) => (force ? isDirectory(path) : exists(path)));
  const [first] = taken;
  if (first === undefined) return;
  const verb = taken.length === 1 ? 'exists' : 'exist';
  if (force) {
    throw new UserError(
      'E_USAGE',
      `Expected a file or nothing at ${first}, got a folder; nothing was written.`,
      {
        hint: 'Name another folder, such as `wnlstm init experiments`.',
      },
    );
  }
  throw new UserError('E_USAGE', `${taken.join(', ')} already ${verb}; nothing was written.`, {
    hint: 'Name another folder, such as `wnlstm init experiments`, or overwrite with `--force`.',
  });
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined; // also a link without a target
}
