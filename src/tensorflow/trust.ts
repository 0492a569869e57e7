/** @file Checks before loading libraries that only this user and root can write to them. */

import { lstatSync, readdirSync, type Stats, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { ioError, UserError } from '../errors.js';
import { cacheDirectory } from '../package.js';

const OTHERS_MAY_WRITE = 0o022;

/**
 * Checks a folder of libraries before any of them is loaded.
 *
 * @throws {UserError} E_BACKEND if another user owns or can write to the folder, a file in it, or a folder above it in the
 *   cache; or if an entry is neither a file nor a folder
 */
export function assertTrusted(directory: string): void {
  const user = process.getuid?.();
  if (user === undefined) return; // Windows, where TensorFlow cannot be installed
  const refuse = (path: string, why: string): never => {
    throw new UserError('E_BACKEND', `Refused to load libraries from ${directory}: ${path} ${why}.`, {
      hint: `Run \`chmod -R go-w ${directory}\` if you trust its contents. Otherwise set XDG_CACHE_HOME to a folder that only you can write to.`,
    });
  };
  for (const folder of withParents(directory)) {
    const stats = statOf(folder, false);
    if (!stats.isDirectory()) refuse(folder, 'is a link or a file, not a folder');
    const why = suspicion(stats, user);
    if (why) refuse(folder, why);
  }
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    const path = join(directory, name);
    const stats = statOf(path, true); // follows links to libraries that pip installed
    if (!stats.isFile() && !stats.isDirectory()) refuse(path, 'is not a file');
    const why = suspicion(stats, user);
    if (why) refuse(path, why);
  }
}

/** The folder and its parents within the cache. */
function withParents(directory: string): string[] {
  const root = cacheDirectory();
  const isAboveRoot = (folder: string): boolean => folder === root || relative(root, folder).startsWith('..');
  return isAboveRoot(directory) ? [directory] : [...withParents(dirname(directory)), directory];
}

function statOf(path: string, follow: boolean): Stats {
  try {
    return follow ? statSync(path) : lstatSync(path);
  } catch (error) {
    throw ioError(`read ${path}`, error);
  }
}

/** Why another user could have changed a file or folder; null if only this user and root could. */
function suspicion(stats: Stats, user: number): string | null {
  if (stats.uid !== user && stats.uid !== 0) return `belongs to user ${stats.uid}`;
  return (stats.mode & OTHERS_MAY_WRITE) === 0 ? null : 'can be written by other users';
}
