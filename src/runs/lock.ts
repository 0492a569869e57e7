/** @file Locks a folder for one process: an exclusively created file that names its owner, whose heartbeat keeps it alive. */

import { createHash } from 'node:crypto';
import { lstatSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ioError, systemCode, UserError } from '../errors.js';
import { startThreads } from '../threads.js';
import { beat, type Heartbeat } from './heartbeat.js';
import { describeOwner, isRunning, type Owner, parseOwner, thisProcess } from './owner.js';

const HEARTBEAT_MS = 10_000;
/** An owner on another machine counts as dead when its lock has had no heartbeat for this long. */
const STALE_MS = 60_000;
/** A lock without an owner counts as being written for this long, and afterwards as left from a crash. */
const WRITE_MS = 200;

/** The longest wait for other processes that take the same lock. */
const TAKE_MS = 20_000;

/** A folder that this process owns. */
export interface Lock {
  /**
   * Must be called before every write to the folder.
   *
   * @throws {UserError} E_LOCKED if another process has taken over the folder, for example while this machine slept
   */
  readonly assertHeld: () => void;
  /** Removes the lock. */
  readonly release: () => void;
}

interface Found {
  readonly text: string;
  readonly owner: Owner | null;
  /** The time of the last heartbeat, in milliseconds. */
  readonly touched: number;
}

/** The owner of a folder, or null if it has none that is alive. */
export function ownerOf(directory: string): Owner | null {
  const found = readLock(join(directory, 'lock'));
  return found && isAlive(found) ? found.owner : null;
}

/** The contents of a lock file; null if it does not exist. */
function readLock(path: string): Found | null {
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
    if (systemCode(error) === 'ENOENT') return null; // there is no lock, or it was just removed
    throw ioError(`read ${path}`, error);
  }
}

function isAlive({ owner, touched }: Found): boolean {
  const age = Date.now() - touched;
  if (owner === null) return Math.abs(age) < WRITE_MS; // a clock that was set back gives a negative age
  return isRunning(owner) ?? age < STALE_MS;
}

/**
 * Locks the folder of a run or sweep for this process. The lock of a dead owner is replaced.
 *
 * @param follow the command that shows what the owner does
 * @throws {UserError} E_LOCKED, naming the owner, if it is alive
 */
export function acquireLock(directory: string, follow = `tail -f ${join(directory, 'steps.csv')}`): Lock {
  const path = join(directory, 'lock');
  const text = `${JSON.stringify(thisProcess())}\n`;
  take(directory, text, follow);
  const endHeartbeat = startHeartbeat(path, text);
  let held = true;
  return {
    assertHeld: () => {
      const found = readLock(path);
      if (held && found?.text === text) return;
      const how = found?.owner ? `was taken over by ${describeOwner(found.owner)}` : 'is no longer locked';
      throw new UserError('E_LOCKED', `${directory} ${how}; this process does not write to it any more.`, {
        hint: `This process was suspended or unreachable for more than ${STALE_MS / 1000} s, or the lock was removed. The current owner is in ${path}.`,
      });
    },
    release: () => {
      if (!held) return;
      held = false;
      endHeartbeat();
      try {
        if (readLock(path)?.text === text) rmSync(path, { force: true }); // otherwise it belongs to another process
      } catch {
        // The folder is unreachable. An earlier error matters more, and the lock expires with this process.
      }
    },
  };
}

/**
 * Creates the lock or replaces that of a dead owner. Waits only for processes that are doing the same.
 *
 * @throws {UserError} E_LOCKED if the owner is alive, or another process takes the lock for too long
 */
function take(directory: string, text: string, follow: string): void {
  const path = join(directory, 'lock');
  for (const deadline = Date.now() + TAKE_MS; ; ) {
    let isTaken = create(path, text);
    const found = isTaken ? null : readLock(path);
    if (found) {
      const alive = isAlive(found);
      if (alive && found.owner) throw refusal(directory, found, found.owner, follow);
      isTaken = !alive && replaceDead(path, found.text, text);
      if (!isTaken && Date.now() > deadline) throw blocked(directory);
      if (!isTaken) pause(5);
    }
    // If this process was delayed between creating the file and writing it, another process may have declared it dead.
    if (isTaken && readLock(path)?.text === text) return;
  }
}

/** Creates a lock file. Returns false if it exists already. */
function create(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    if (systemCode(error) === 'ENOSPC') rmSync(path, { force: true }); // the file exists, but is empty
    throw ioError(`write ${path}`, error);
  }
}

function blocked(directory: string): UserError {
  return new UserError(
    'E_LOCKED',
    `${directory}: another process is about to lock it, but does not finish.`,
    {
      hint: `It may be suspended. Continue or stop it; the files ${join(directory, 'lock.*')} name it.`,
    },
  );
}

function refusal(directory: string, { touched }: Found, owner: Owner, follow: string): UserError {
  const expiry = new Date(touched + STALE_MS);
  const isToday = expiry.toDateString() === new Date().toDateString();
  const until = `${isToday ? '' : `${expiry.toDateString()}, `}${expiry.toTimeString().slice(0, 8)}`;
  const elsewhere = `If that process has crashed, run the same command again at ${until}, when its lock expires (${STALE_MS / 1000} s after its last heartbeat). If it is running, stop it there, or follow it with \`${follow}\`.`;
  return new UserError('E_LOCKED', `${directory} is in use by ${describeOwner(owner)}.`, {
    hint: isRunning(owner) === null ? elsewhere : `Follow it with \`${follow}\`, or stop that process first.`,
  });
}

/**
 * Replaces the lock of a dead owner. The process must first create a claim, a file whose name is derived from the dead lock;
 * renaming the claim then makes it the lock, atomically. The claim of a dead process is replaced in the same way.
 *
 * @returns false if another process was faster
 */
function replaceDead(path: string, dead: string, text: string): boolean {
  const claim = `${path}.${createHash('sha256').update(dead).digest('hex').slice(0, 8)}`;
  if (!create(claim, text)) {
    const other = readLock(claim);
    if (other === null || isAlive(other) || !replaceDead(claim, other.text, text)) return false;
  }
  const isUnchanged = readLock(path)?.text === dead;
  if (isUnchanged) renameSync(claim, path);
  else rmSync(claim, { force: true });
  return isUnchanged;
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Starts the heartbeat of a lock; returns the function that ends it. */
function startHeartbeat(path: string, text: string): () => void {
  const heartbeat: Heartbeat = { path, text, everyMs: HEARTBEAT_MS };
  try {
    const threads = startThreads(new URL('./heartbeat-thread.js', import.meta.url), [heartbeat]);
    for (const thread of threads) {
      thread.unref();
      thread.on('error', () => {}); // the lock was removed, which `assertHeld` reports
    }
    return () => threads.forEach((thread) => void thread.terminate());
  } catch {
    const timer = beat(heartbeat)?.unref(); // without a thread, the heartbeat runs between the steps
    return () => clearInterval(timer);
  }
}
