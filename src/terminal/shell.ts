/** @file Commands of this program, written so that the user can paste them into a shell. */

import { existsSync } from 'node:fs';
import { delimiter, isAbsolute, join, relative } from 'node:path';
import { packageRoot } from '../package.js';

/** Replaces `wnlstm` at the start of every command between backticks with the name that works in this shell. */
export function withProgramName(text: string): string {
  return text.replaceAll('`wnlstm ', () => `\`${programName()} `);
}

/** The command that runs this program in this shell and this folder. */
export function programName(): string {
  // npx adds its own folders to PATH, for this one command only.
  const folders = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.includes('node_modules'));
  if (folders.some((folder) => existsSync(join(folder, 'wnlstm')))) return 'wnlstm';
  return isCurrentFolder(packageRoot) || isInProject(packageRoot)
    ? 'npx wnlstm'
    : `node ${join(packageRoot, 'bin/wnlstm.js')}`;
}

function isCurrentFolder(folder: string): boolean {
  try {
    return relative(process.cwd(), folder) === '';
  } catch {
    return false; // the current folder was removed
  }
}

/**
 * Whether the current folder belongs to the project that has installed the package.
 *
 * @param root of the package, such as `/project/node_modules/wnlstm/`
 */
export function isInProject(root: string): boolean {
  const [, project] = /^(.*)[\\/]node_modules[\\/]wnlstm[\\/]?$/.exec(root) ?? [];
  if (project === undefined) return false;
  try {
    const path = relative(project, process.cwd());
    return path === '' || !(path.startsWith('..') || isAbsolute(path)); // another drive on Windows has an absolute path
  } catch {
    return false; // the current folder was removed
  }
}

/** The option that names a folder of runs, or nothing for the default folder. */
export function runsFlag(directory: string): string {
  return directory === 'runs' ? '' : ` --runs ${quoted(directory)}`;
}

/** A path as an argument in a shell, quoted if necessary. */
export function quoted(path: string): string {
  return /^[\w./:@%+=-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
