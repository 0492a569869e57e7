/** @file Whether libraries may be loaded as code: nobody but the user, or root, can have put them where they are. */

import { lstatSync, readdirSync, type Stats, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { ioError, UserError } from '../errors.js';
import { cacheDirectory } from '../package.js';

const OTHERS_MAY_WRITE = 0o022;

/**
 * Checks a folder of libraries before any of them is loaded.
 *
 * @throws {UserError} E_BACKEND if somebody else owns or can write to it, to a file in it, or to a folder above it in the
 *   cache; or if something in it is neither a file nor a folder
 */
export function assertTrusted(directory: string): void {
  const user = process.getuid?.();
  if (user === undefined) return; // Windows: its permissions are other ones, and TensorFlow is not set up there
  const refuse = (path: string, why: string): never => {
    throw new UserError('E_BACKEND', `${path} ${why}, so it is not loaded as code.`, {
      hint: `If that is meant to be: \`chmod -R go-w ${directory}\`. Otherwise use a cache of your own: set XDG_CACHE_HOME to a folder that only you can write to.`,
    });
  };
  for (const folder of chain(directory)) {
    const stats = look(folder, false);
    if (!stats.isDirectory()) refuse(folder, 'is a link or a file, not a folder');
    const why = suspicion(stats, user);
    if (why) refuse(folder, why);
  }
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    const path = join(directory, name);
    const stats = look(path, true); // links to libraries that pip installed are followed, and their files checked
    if (!stats.isFile() && !stats.isDirectory()) refuse(path, 'is no file');
    const why = suspicion(stats, user);
    if (why) refuse(path, why);
  }
}

/** The folder, and those above it within the cache. */
function chain(directory: string): string[] {
  const root = cacheDirectory();
  const folders = [directory];
  while (!relative(root, folders[0]).startsWith('..') && folders[0] !== root) {
    folders.unshift(dirname(folders[0]));
  }
  return folders;
}

function look(path: string, follow: boolean): Stats {
  try {
    return follow ? statSync(path) : lstatSync(path);
  } catch (error) {
    throw ioError(`look at ${path}`, error);
  }
}

/** Why a file or folder may be somebody else's work; null if it cannot be. */
function suspicion(stats: Stats, user: number): string | null {
  if (stats.uid !== user && stats.uid !== 0) return `belongs to the user ${stats.uid}`;
  return (stats.mode & OTHERS_MAY_WRITE) === 0 ? null : 'can be written by other users';
}
