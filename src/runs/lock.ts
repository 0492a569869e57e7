/** @file A lock gives one process at a time a folder. It is a lease: its owner renews it, and loses it if it does not. */

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { UserError } from '../errors.js';
import { startThreads } from '../threads.js';
import { beat, type Heartbeat, lockText, withoutBeat } from './heartbeat.js';
import {
  createLock,
  type Found,
  isBeingWritten,
  readLock,
  readLockAfresh,
  replaceDead,
  STALE_MS,
  seemsAlive,
} from './lock-file.js';
import { describeOwner, isRunning, type Owner, thisProcess } from './owner.js';
import { runPaths } from './paths.js';

const HEARTBEAT_MS = 10_000;
/** The longest wait for other processes that take the same lock. */
const TAKE_MS = 20_000;
/** Time between two looks at the lock of another machine. */
const WATCH_MS = 500;

/** A folder that this process owns. */
export interface Lock {
  /**
   * Must be called before every write to the folder.
   *
   * @throws {UserError} E_LOCKED if another process has taken the folder over, for example while this machine slept
   */
  readonly assertHeld: () => void;
  /** Removes the lock. */
  readonly release: () => void;
}

/** How to take a lock that another process has. */
export interface LockOptions {
  /** The command that shows what the owner does, for messages. */
  readonly follow?: string;
  /** Whether to wait until the owner has ended, instead of an error. */
  readonly wait?: boolean;
  /** Called once when this process starts to wait, with the reason. */
  readonly onWait?: (reason: string) => void;
  /** When aborted, the wait ends with an error. */
  readonly signal?: AbortSignal;
  /** The time without a heartbeat after which an owner on another machine counts as dead. */
  readonly staleMs?: number;
}

/** The owner of a folder, or null if it has none that seems alive. */
export function ownerOf(directory: string): Owner | null {
  const found = readLockAfresh(runPaths(directory).lock);
  return found && seemsAlive(found) ? found.owner : null;
}

/**
 * Locks the folder of a run or sweep for this process. The lock of a dead owner is replaced: on this machine immediately, on
 * another machine after its heartbeat has stood still for a minute by the clock of this process.
 *
 * @throws {UserError} E_LOCKED, naming the owner, if it is alive
 */
export async function acquireLock(directory: string, options: LockOptions = {}): Promise<Lock> {
  const path = runPaths(directory).lock;
  const text = lockText(thisProcess());
  const isMine = (found: Found | null): boolean =>
    found !== null && withoutBeat(found.text) === withoutBeat(text);
  await take(directory, text, isMine, options);
  const endHeartbeat = startHeartbeat(path, text);
  let held = true;
  return {
    assertHeld: () => {
      const found = readLock(path);
      if (held && isMine(found)) return;
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
        if (isMine(readLock(path))) rmSync(path, { force: true }); // otherwise it belongs to another process
      } catch {
        // The folder is unreachable. An earlier error matters more, and the lock expires with this process.
      }
    },
  };
}

/** Creates the lock, or replaces that of a dead owner. */
async function take(
  directory: string,
  text: string,
  isMine: (found: Found | null) => boolean,
  { follow = `tail -f ${runPaths(directory).steps}`, wait, onWait, signal, staleMs = STALE_MS }: LockOptions,
): Promise<void> {
  const path = runPaths(directory).lock;
  const isDead = watchLock(staleMs);
  let deadline = Date.now() + TAKE_MS;
  let isWaiting = false;
  const startWaiting = (reason: string): void => {
    if (!isWaiting) onWait?.(reason);
    isWaiting = true;
  };
  for (;;) {
    let isTaken = createLock(path, text);
    const found = isTaken ? null : readLockAfresh(path);
    if (found) {
      const dead = isDead(found);
      if (found.owner && dead !== true) {
        const who = describeOwner(found.owner);
        if ((dead === false && !wait) || signal?.aborted) throw refusal(directory, found.owner, follow);
        startWaiting(
          dead === false
            ? `Waiting for ${who}, which uses ${directory}.`
            : `Waiting up to ${staleMs / 1000} s to see whether ${who}, which has locked ${directory}, is alive.`,
        );
        await setTimeout(Math.min(WATCH_MS, staleMs / 4), undefined, { signal }).catch(() => {});
        deadline = Date.now() + TAKE_MS;
        continue;
      }
      isTaken = dead === true && replaceDead(path, found.text, text);
      if (!isTaken && Date.now() > deadline) throw blocked(directory);
      if (!isTaken) await setTimeout(5);
    }
    // If this process was delayed between creating the file and writing it, it may have been declared dead.
    if (isTaken && isMine(readLock(path))) return;
  }
}

/**
 * Watches a lock. The result says whether its owner is dead; null if this is not known yet, for a lock that is being written
 * or an owner on another machine. Such an owner is alive if its heartbeat moves while this process looks, and dead if it stands
 * still for `staleMs`. So the clocks of two machines are never compared.
 */
function watchLock(staleMs: number): (found: Found) => boolean | null {
  let seen: Found | null = null;
  let since = 0;
  return (found) => {
    if (found.owner === null) return isBeingWritten(found.touched) ? null : true;
    const running = isRunning(found.owner);
    if (running !== null) return !running;
    const isSame = seen !== null && withoutBeat(seen.text) === withoutBeat(found.text);
    const isStill = isSame && seen?.text === found.text && seen.touched === found.touched;
    if (!isStill) since = performance.now();
    seen = found;
    if (isSame && !isStill) return false;
    return performance.now() - since >= staleMs ? true : null;
  };
}

function blocked(directory: string): UserError {
  return new UserError(
    'E_LOCKED',
    `${directory}: another process is about to lock it, but does not finish.`,
    { hint: `It may be suspended. Continue or stop it; the files ${join(directory, 'lock.*')} name it.` },
  );
}

function refusal(directory: string, owner: Owner, follow: string): UserError {
  const stop = `Follow it with \`${follow}\`, stop it, or wait for it with \`--wait\`.`;
  const elsewhere = `${stop} If it crashes, its lock can be taken over ${STALE_MS / 1000} s after its last heartbeat.`;
  return new UserError('E_LOCKED', `${directory} is in use by ${describeOwner(owner)}.`, {
    hint: isRunning(owner) === null ? elsewhere : stop,
  });
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
