/** @file Files that are whole or not there: written beside their place, synced, then renamed. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { ioError } from '../errors.js';

/** Makes what was written to a file or folder survive a power cut. */
export const syncPath = (path: string): void => {
  const handle = openSync(path, 'r');
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
    throw error;
  }
};

/** JSON as it lies in a run's folder. */
export const toJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
