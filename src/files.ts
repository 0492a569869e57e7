/** @file Writes files atomically: to a temporary file, which is synced and then renamed. */

import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
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

/** The error codes of file systems that cannot sync a file, or a folder (for example CIFS and vboxsf). */
const CANNOT_SYNC_FILES = ['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];
const CANNOT_SYNC_FOLDERS = [...CANNOT_SYNC_FILES, 'EPERM', 'EISDIR', 'EACCES', 'EBADF'];

/** Syncs a file to disk, if the file system supports it. */
export function syncFile(path: string): void {
  // Windows only syncs files that are open for writing.
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

/** JavaScript has no longer strings. */
const MOST_TEXT_BYTES = 2 ** 29 - 24;

/** Lists a folder. Without it, a network file system may answer from memory that a new file does not exist. */
export function refreshFolder(directory: string): void {
  try {
    readdirSync(directory);
  } catch {
    // Reading a file in the folder reports the reason.
  }
}

/** Removes a folder if it is empty. */
export function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // It is not empty, which is the usual case, or it cannot be removed, which does no harm.
  }
}

/** Removes the temporary files of killed processes from a folder. No other process may write to the folder. */
export function removeTemporary(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (/\.[0-9a-f]{8}\.tmp$/.test(name)) rmSync(join(directory, name), { recursive: true, force: true });
  }
}

/**
 * Replaces a file atomically: readers see the old or the new content.
 *
 * @throws {UserError} E_IO if it cannot be written; the old file is then unchanged
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

/** Syncs the names in a folder to disk, if the file system supports it. */
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

/** An unpredictable name beside a path, so that no other process can create the file first. See `removeTemporary`. */
export function temporaryName(path: string): string {
  return `${path}.${randomBytes(4).toString('hex')}.tmp`;
}

/**
 * Writes a new file and syncs it. It follows no link and replaces no file.
 *
 * @throws {UserError} E_IO if it cannot be written, or exists; no part of it is left
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
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    throw ioError(`write ${path}`, error);
  }
}

/**
 * Reads a file that is not a pipe or a device, which would be read forever.
 *
 * @throws the system error; ENXIO for a pipe or a device
 */
export function readRegular(path: string, mostBytes = MOST_TEXT_BYTES): Buffer {
  const stat = statSync(path);
  if (!stat.isFile() && !stat.isDirectory()) {
    throw Object.assign(new Error('a pipe or a device, not a file'), { code: 'ENXIO' });
  }
  if (stat.size > mostBytes) {
    const [size, most] = [stat.size, mostBytes].map((bytes) => bytes.toLocaleString('en'));
    throw new Error(`it has ${size} bytes, more than ${most}`);
  }
  return readFileSync(path);
}

/**
 * Opens a file for appending, and creates it if it does not exist. A link is not followed, and a pipe does not block.
 *
 * @returns the file descriptor
 * @throws the system's error; ENXIO for a pipe or a device
 */
export function openForAppend(path: string): number {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  const handle = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o666);
  if (fstatSync(handle).isFile()) return handle;
  closeSync(handle);
  throw Object.assign(new Error('it is a pipe or a device, not a file'), { code: 'ENXIO' });
}

/**
 * Creates a folder and its parents. Returns the folders that did not exist, the deepest first.
 *
 * `mkdirSync(…, { recursive: true })` is not used, because it never returns if the system reports ENOENT for a folder that
 * cannot be created, as /proc does.
 *
 * @throws {UserError} E_IO if it cannot be created
 */
export function makeDirectory(path: string): string[] {
  if (isDirectory(path)) return [];
  const parent = dirname(resolve(path));
  const created = parent === resolve(path) ? [] : makeDirectory(parent);
  try {
    mkdirSync(path);
    return [path, ...created];
  } catch (error) {
    if (isDirectory(path)) return created; // another process created it
    if (isLink(path)) {
      throw new UserError(
        'E_IO',
        `Could not create the folder ${path}: it is a link to ${readlinkSync(path)}, which is not a folder.`,
        {
          hint: 'Create that folder, or remove the link.',
          cause: error,
        },
      );
    }
    throw ioError(`create the folder ${path}`, error);
  }
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

/** Whether a path is a folder, or a link to one. */
export function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // missing or not accessible; the operation that uses the path reports why
  }
}

/** The JSON text of a value, as in the files of a run. */
export function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
