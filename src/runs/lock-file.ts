/** @file The file of a lock: reading it, creating it, and replacing that of a dead owner without a gap. */

import { createHash } from 'node:crypto';
import { lstatSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ioError, systemCode, UserError } from '../errors.js';
import { refreshFolder } from '../files.js';
import { isRunning, type Owner, parseOwner } from './owner.js';

/** An owner on another machine counts as dead when its lock has had no heartbeat for this long. */
export const STALE_MS = 60_000;
/** A lock without an owner is being written; after this time it is left from a crash. */
const WRITE_MS = 200;

/** The contents of a lock file. */
export interface Found {
  readonly text: string;
  readonly owner: Owner | null;
  /** The time of the last heartbeat by the clock of the file system, in milliseconds. */
  readonly touched: number;
}

/** The contents of a lock file; null if it does not exist. */
export function readLock(path: string): Found | null {
  try {
    if (!lstatSync(path).isFile()) {
      throw new UserError('E_IO', `${path}: expected a regular file, got a folder, a link or a pipe.`, {
        hint: 'wnlstm does not create such locks. Remove it, then run the same command again.',
      });
    }
    const text = readFileSync(path, 'utf8');
    return { text, owner: parseOwner(text), touched: statSync(path).mtimeMs };
  } catch (error) {
    if (error instanceof UserError) throw error;
    if (systemCode(error) === 'ENOENT') return null; // no lock, or it was removed just now
    throw ioError(`read ${path}`, error);
  }
}

/** Reads a lock that another machine may have created just now. */
export function readLockAfresh(path: string): Found | null {
  refreshFolder(dirname(path));
  return readLock(path);
}

/**
 * Whether the owner of a lock seems to be alive. For an owner on another machine this compares the clocks of two machines, so
 * it is good for reports, and not for taking a lock.
 */
export function seemsAlive({ owner, touched }: Found): boolean {
  const age = Date.now() - touched;
  if (owner === null) return isBeingWritten(touched);
  return isRunning(owner) ?? age < STALE_MS;
}

/** Whether a lock without an owner may be complete in a moment. */
export function isBeingWritten(touched: number): boolean {
  return Math.abs(Date.now() - touched) < WRITE_MS; // a clock that was set back gives a negative age
}

/** Creates a lock file. Returns false if it exists already. */
export function createLock(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    if (systemCode(error) === 'ENOSPC') rmSync(path, { force: true }); // the file exists, but is empty
    throw ioError(`write ${path}`, error);
  }
}

/**
 * Replaces the lock of a dead owner. The process must first create a claim, a file whose name is derived from the dead lock;
 * renaming the claim then makes it the lock, atomically. The claim of a dead process is replaced in the same way.
 *
 * @returns false if another process was faster
 */
export function replaceDead(path: string, dead: string, text: string): boolean {
  const claim = `${path}.${createHash('sha256').update(dead).digest('hex').slice(0, 8)}`;
  if (!createLock(claim, text)) {
    const other = readLock(claim);
    if (other === null || seemsAlive(other) || !replaceDead(claim, other.text, text)) return false;
  }
  const isUnchanged = readLock(path)?.text === dead;
  if (isUnchanged) renameSync(claim, path);
  else rmSync(claim, { force: true });
  return isUnchanged;
}
