/** @file Files that are whole or not there: written beside their place, synced, then renamed. */

import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ioError, systemCode, UserError } from './errors.js';

/** What file systems answer that cannot sync: all of them for folders (CIFS, vboxsf), the first ones for files too. */
const CANNOT_SYNC_FILES = ['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];
const CANNOT_SYNC_FOLDERS = [...CANNOT_SYNC_FILES, 'EPERM', 'EISDIR', 'EACCES', 'EBADF'];

/** Makes what was written to a file survive a power cut, where the file system can. */
export function syncFile(path: string): void {
  // Windows syncs only files that are open for writing.
  const handle = openSync(path, process.platform === 'win32' ? 'r+' : 'r');
  try {
    syncHandle(handle);
  } finally {
    closeSync(handle);
  }
}

function syncHandle(handle: number): void {
  try {
    fsyncSync(handle);
  } catch (error) {
    if (!isOneOf(CANNOT_SYNC_FILES, error)) throw error;
  }
}

function isOneOf(codes: readonly string[], error: unknown): boolean {
  return codes.includes(systemCode(error) ?? '');
}

/** Removes a folder if nothing is in it. */
export function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // It is not empty, which is the usual case, or it cannot be removed, which does no harm.
  }
}

/** Removes what processes that were killed left in a folder that nobody else writes to. */
export function removeTemporary(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (/\.[0-9a-f]{8}\.tmp$/.test(name)) rmSync(join(directory, name), { recursive: true, force: true });
  }
}

/**
 * Replaces a file in one step: readers see the old or the new one, never a half.
 *
 * @throws {UserError} E_IO if it cannot be written; the old file is then as it was
 */
export function replaceFile(path: string, content: string | Uint8Array): void {
  const temporary = temporaryName(path);
  try {
    writeSynced(temporary, content);
    renameSync(temporary, path);
    syncFolder(dirname(path));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error instanceof UserError ? error : ioError(`write ${path}`, error);
  }
}

/** Makes the names in a folder survive a power cut, where the file system can. */
export function syncFolder(path: string): void {
  let handle: number | null = null;
  try {
    handle = openSync(path, 'r');
    fsyncSync(handle);
  } catch (error) {
    if (!isOneOf(CANNOT_SYNC_FOLDERS, error)) throw error;
  } finally {
    if (handle !== null) closeSync(handle);
  }
}

/** A name beside a path that nobody can foresee, so that nothing is planted there; see `removeTemporary`. */
export function temporaryName(path: string): string {
  return `${path}.${randomBytes(4).toString('hex')}.tmp`;
}

/**
 * Writes a new file and syncs it. It follows no link, and replaces nothing.
 *
 * @throws {UserError} E_IO if it cannot be written, or is there
 */
export function writeSynced(path: string, ...parts: readonly (string | Uint8Array)[]): void {
  try {
    const handle = openSync(path, 'wx');
    try {
      for (const part of parts) {
        const bytes = typeof part === 'string' ? Buffer.from(part) : part;
        for (let written = 0; written < bytes.length; ) written += writeSync(handle, bytes, written);
      }
      syncHandle(handle);
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    throw ioError(`write ${path}`, error);
  }
}

/**
 * Reads a file of a run. A pipe or a device in its place would be read without end.
 *
 * @throws the system's error; ENXIO for a pipe or a device
 */
export function readRegular(path: string): Buffer {
  const stat = statSync(path);
  if (!stat.isFile() && !stat.isDirectory()) {
    throw Object.assign(new Error('a pipe or a device, not a file'), { code: 'ENXIO' });
  }
  return readFileSync(path);
}

/**
 * Makes a folder and those above it. Returns the folders that did not exist, the deepest first.
 *
 * Not by `mkdirSync(…, { recursive: true })`: where the system answers ENOENT for a folder that cannot be made, as /proc
 * does, that never returns.
 *
 * @throws {UserError} E_IO if it cannot be made
 */
export function makeDirectory(path: string): string[] {
  if (isDirectory(path)) return [];
  const parent = dirname(resolve(path));
  const created = parent === resolve(path) ? [] : makeDirectory(parent);
  try {
    mkdirSync(path);
    return [path, ...created];
  } catch (error) {
    if (isDirectory(path)) return created; // another process was faster
    if (isLink(path)) {
      throw new UserError(
        'E_IO',
        `Could not make the folder ${path}: it is a link to ${readlinkSync(path)}, which is not a folder.`,
        {
          hint: 'Make that folder, or remove the link.',
          cause: error,
        },
      );
    }
    throw ioError(`make the folder ${path}`, error);
  }
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

/** Whether a path leads to a folder. */
export function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // not there, or out of reach: whoever uses it learns why
  }
}

/** JSON as it lies in a run's folder. */
export function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
