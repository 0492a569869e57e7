/** @file The package: its folder, version and commit, and its cache folder on this machine. */

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from './errors.js';

/** The folder that holds package.json. */
export const packageRoot = fileURLToPath(new URL('..', import.meta.url));

/** The version in package.json. */
export function packageVersion(): string {
  return (JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }).version;
}

interface SourceCommit {
  readonly git_commit: string | null;
  readonly git_dirty: boolean | null;
}

let commitAtStart: SourceCommit | undefined;

/**
 * The commit of this clone, and whether files were changed since. Both are null for an installed package, because a
 * repository around it is not its own.
 */
export function sourceCommit(): SourceCommit {
  commitAtStart ??= readCommit(); // that of the code in memory, also if files change later
  return commitAtStart;
}

function readCommit(): SourceCommit {
  const args = ['-C', packageRoot, 'describe', '--always', '--dirty', '--abbrev=40', '--exclude=*'];
  const isClone = existsSync(join(packageRoot, '.git'));
  const described = isClone ? spawnSync('git', args, { encoding: 'utf8' }).stdout?.trim() : '';
  const [, commit = null, dirty] = /^([0-9a-f]{40})(-dirty)?$/.exec(described ?? '') ?? [];
  return { git_commit: commit, git_dirty: commit === null ? null : dirty !== undefined };
}

/**
 * The folder for downloaded libraries and data: `$XDG_CACHE_HOME/wnlstm`, or `~/.cache/wnlstm`.
 *
 * @throws {UserError} E_IO if there is no home folder
 */
export function cacheDirectory(): string {
  return join(process.env.XDG_CACHE_HOME || join(homeDirectory(), '.cache'), 'wnlstm');
}

function homeDirectory(): string {
  try {
    return homedir();
  } catch (error) {
    throw new UserError(
      'E_IO',
      'Could not find your home folder: HOME is not set, and the system has no entry for this user.',
      {
        hint: 'Set HOME to your home folder, or XDG_CACHE_HOME to a folder for downloads.',
        cause: error,
      },
    );
  }
}

/** Expands `~` at the start of a path. Shells do not expand it in `--runs=~/runs` or in a config file. */
export function expandHome(path: string): string {
  return /^~(?=$|[/\\])/.test(path) ? join(homeDirectory(), path.slice(1)) : path;
}
