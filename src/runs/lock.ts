/** @file One process at a time owns a folder: an exclusive file that names the owner and is touched while it lives. */

import { createHash } from 'node:crypto';
import { lstatSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ioError, systemCode, UserError } from '../errors.js';
import { startThreads } from '../threads.js';
import { beat, type Heartbeat } from './heartbeat.js';
import { describeOwner, isRunning, type Owner, parseOwner, thisProcess } from './owner.js';

const HEARTBEAT_MS = 10_000;
/** An owner that cannot be seen from here is taken for dead when its lock was not touched for so long. */
const STALE_MS = 60_000;
/** A lock without an owner is being written; after so long it is a rest of a crash. */
const WRITE_MS = 200;

/** A folder that this process has taken. */
export interface Lock {
  /**
   * To be called before every write to the folder.
   *
   * @throws {UserError} E_LOCKED if another process has taken it over since, as from a machine that slept
   */
  readonly assertHeld: () => void;
  /** Gives the folder back. */
  readonly release: () => void;
}

interface Found {
  readonly text: string;
  readonly owner: Owner | null;
  /** When it was last touched, in milliseconds. */
  readonly touched: number;
}

/** The living owner of a folder, if it has one. */
export function ownerOf(directory: string): Owner | null {
  const found = read(join(directory, 'lock'));
  return found && isAlive(found) ? found.owner : null;
}

/** What a lock file holds; null if there is none. */
function read(path: string): Found | null {
  try {
    if (!lstatSync(path).isFile()) {
      throw new UserError('E_IO', `${path}: expected a file, got a folder, a link or a pipe.`, {
        hint: 'wnlstm does not make such locks. Remove it, then run the same command again.',
      });
    }
    const text = readFileSync(path, 'utf8');
    return { text, owner: parseOwner(text), touched: statSync(path).mtimeMs };
  } catch (error) {
    if (error instanceof UserError) throw error;
    if (systemCode(error) === 'ENOENT') return null; // no lock, or it went away meanwhile
    throw ioError(`read ${path}`, error);
  }
}

function isAlive({ owner, touched }: Found): boolean {
  const age = Date.now() - touched;
  if (owner === null) return age < WRITE_MS;
  return isRunning(owner) ?? age < STALE_MS;
}

/**
 * Takes a folder, of a run or of a sweep, for this process, also from an owner that is dead.
 *
 * @param follow command that shows what the owner does
 * @throws {UserError} E_LOCKED naming the owner, if it lives
 */
export function acquireLock(directory: string, follow = `tail -f ${join(directory, 'steps.csv')}`): Lock {
  const path = join(directory, 'lock');
  const text = `${JSON.stringify(thisProcess())}\n`;
  take(directory, text, follow);
  const endHeartbeat = startHeartbeat(path, text);
  let held = true;
  return {
    assertHeld: () => {
      const found = read(path);
      if (held && found?.text === text) return;
      const how = found?.owner ? `was taken over by ${describeOwner(found.owner)}` : 'has lost its lock';
      throw new UserError('E_LOCKED', `${directory} ${how}; this process writes nothing more to it.`, {
        hint: `See who has it: \`cat ${path}\`. This process was out of reach for over ${STALE_MS / 1000} s, or somebody removed the lock.`,
      });
    },
    release: () => {
      if (!held) return;
      held = false;
      endHeartbeat();
      try {
        if (read(path)?.text === text) rmSync(path, { force: true }); // else another process took it over
      } catch {
        // out of reach: what came before matters more, and the lock dies with this process
      }
    },
  };
}

/** Creates the lock or takes it from a dead owner; waits only for those that are at it just now. */
function take(directory: string, text: string, follow: string): void {
  const path = join(directory, 'lock');
  for (;;) {
    let isTaken = create(path, text);
    const found = isTaken ? null : read(path);
    if (found) {
      const alive = isAlive(found);
      if (alive && found.owner) throw refusal(directory, found, found.owner, follow);
      isTaken = !alive && replaceDead(path, found.text, text);
      if (!isTaken) pause(5);
    }
    // A process that was held up between creating the file and writing it may have been taken for dead.
    if (isTaken && read(path)?.text === text) return;
  }
}

/** Creates a lock file, and says whether it did; if not, there is one. */
function create(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    if (systemCode(error) === 'ENOSPC') rmSync(path, { force: true }); // it is there, but empty
    throw ioError(`write ${path}`, error);
  }
}

function refusal(directory: string, { touched }: Found, owner: Owner, follow: string): UserError {
  const until = new Date(touched + STALE_MS).toTimeString().slice(0, 8);
  const elsewhere = `If that process has ended without giving the folder back, it can be taken over at ${until}, ${STALE_MS / 1000} s after its last sign of life: run the same command again then. If it lives, stop it there, or follow it with \`${follow}\`.`;
  return new UserError('E_LOCKED', `${directory} is in use by ${describeOwner(owner)}.`, {
    hint: isRunning(owner) === null ? elsewhere : `Follow it with \`${follow}\`, or stop that process first.`,
  });
}

/**
 * Replaces the lock of a dead owner. Only who has created the claim, a file whose name follows from the dead lock, may do
 * it; the claim then becomes the lock, in one step. A claim whose owner died is replaced in the same way.
 *
 * @returns whether it did; if not, another process was faster
 */
function replaceDead(path: string, dead: string, text: string): boolean {
  const claim = `${path}.${createHash('sha256').update(dead).digest('hex').slice(0, 8)}`;
  if (!create(claim, text)) {
    const other = read(claim);
    if (other === null || isAlive(other) || !replaceDead(claim, other.text, text)) return false;
  }
  const isThere = read(path)?.text === dead;
  if (isThere) renameSync(claim, path);
  else rmSync(claim, { force: true });
  return isThere;
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Begins to touch a lock; returns what ends it. */
function startHeartbeat(path: string, text: string): () => void {
  const heartbeat: Heartbeat = { path, text, everyMs: HEARTBEAT_MS };
  try {
    const [thread] = startThreads(new URL('./heartbeat-thread.js', import.meta.url), [heartbeat]);
    thread.unref();
    thread.on('error', () => {}); // the lock is gone: `assertHeld` says so
    return () => void thread.terminate();
  } catch {
    const timer = beat(heartbeat)?.unref(); // no thread can be started: between the steps is better than never
    return () => clearInterval(timer);
  }
}
