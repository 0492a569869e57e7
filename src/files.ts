/** @file Files that are whole or not there: written beside their place, synced, then renamed. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ioError, systemCode, UserError } from './errors.js';

/**
 * Makes what was written to a file or folder survive a power cut. Windows syncs only files that are open for writing, and
 * has no call for folders.
 */
export const syncPath = (path: string): void => {
  const windows = process.platform === 'win32';
  if (windows && statSync(path).isDirectory()) return;
  const handle = openSync(path, windows ? 'r+' : 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
};

/**
 * Writes a file and syncs it.
 *
 * @throws {UserError} E_IO if it cannot be written
 */
export const writeSynced = (path: string, ...parts: readonly (string | Uint8Array)[]): void => {
  try {
    const handle = openSync(path, 'w');
    try {
      for (const part of parts) {
        const bytes = typeof part === 'string' ? Buffer.from(part) : part;
        for (let written = 0; written < bytes.length; ) written += writeSync(handle, bytes, written);
      }
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    throw ioError(`write ${path}`, error);
  }
};

/**
 * Replaces a file in one step: readers see the old or the new one, never a half.
 *
 * @throws {UserError} E_IO if it cannot be written; the old file is then as it was
 */
export const replaceFile = (path: string, content: string | Uint8Array): void => {
  const temporary = `${path}.tmp`;
  try {
    writeSynced(temporary, content);
    renameSync(temporary, path);
    syncPath(dirname(path));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error instanceof UserError ? error : ioError(`write ${path}`, error);
  }
};

/**
 * Makes a folder and those above it.
 *
 * Not by `mkdirSync(…, { recursive: true })`: where the system answers ENOENT for a folder that cannot be made, as /proc
 * does, that never returns.
 *
 * @throws {UserError} E_IO if it cannot be made
 */
export const makeDirectory = (path: string): void => {
  if (existsSync(path) && statSync(path).isDirectory()) return;
  const parent = dirname(resolve(path));
  if (parent !== resolve(path)) makeDirectory(parent);
  try {
    mkdirSync(path);
  } catch (error) {
    if (systemCode(error) === 'EEXIST' && statSync(path).isDirectory()) return; // another process was faster
    throw ioError(`make the folder ${path}`, error);
  }
};

/** JSON as it lies in a run's folder. */
export const toJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
