/** @file One process at a time owns a run: an exclusive file that names the owner and is touched while it lives. */
import { readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { ioError, systemCode, UserError } from '../errors.js';

/** Who holds a run. */
export interface Owner {
  readonly host: string;
  readonly pid: number;
  /** When the process started, in the system's own words: a pid is used again, this pair is not. */
  readonly started: string;
}

const HEARTBEAT_MS = 10_000;
const REMOTE_STALE_MS = 60_000;

/** Start time of a process in clock ticks since boot (`/proc/<pid>/stat`, field 22); empty where there is no /proc. */
const startTime = (pid: number): string => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? 'ended' : (fields[19] ?? ''); // Z: killed, and its parent has not asked for it yet
  } catch {
    return ''; // no such process, or no /proc
  }
};

const exists = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM'; // it is there and is somebody else's
  }
};

const isAlive = (owner: Owner, lastTouched: number): boolean => {
  if (owner.host !== hostname()) return Date.now() - lastTouched < REMOTE_STALE_MS;
  return exists(owner.pid) && startTime(owner.pid) === owner.started;
};

const read = (path: string): { owner: Owner | null; text: string; alive: boolean } | null => {
  try {
    const text = readFileSync(path, 'utf8');
    const { mtimeMs } = statSync(path);
    try {
      const owner = JSON.parse(text) as Owner;
      return { owner, text, alive: isAlive(owner, mtimeMs) };
    } catch {
      return { owner: null, text, alive: Date.now() - mtimeMs < REMOTE_STALE_MS }; // being written, or torn by a crash
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null; // no lock, or it went away meanwhile
    throw ioError(`read ${path}`, error);
  }
};

/** The living owner of a run, if it has one. */
export const ownerOf = (runDirectory: string): Owner | null => {
  const lock = read(join(runDirectory, 'lock'));
  return lock?.alive ? lock.owner : null;
};

/**
 * Takes a folder, of a run or of a sweep, for this process, also from an owner that is dead.
 *
 * @param follow command that shows what the owner does
 * @returns gives it back
 * @throws {UserError} E_LOCKED naming the owner, if it lives
 */
export const acquireLock = (
  runDirectory: string,
  follow = `tail -f ${join(runDirectory, 'steps.csv')}`,
): (() => void) => {
  const path = join(runDirectory, 'lock');
  const owner: Owner = { host: hostname(), pid: process.pid, started: startTime(process.pid) };
  const text = `${JSON.stringify(owner)}\n`;
  for (;;) {
    try {
      writeFileSync(path, text, { flag: 'wx' });
      break;
    } catch (error) {
      if (systemCode(error) === 'ENOSPC') rmSync(path, { force: true }); // it is there, but empty
      if (systemCode(error) !== 'EEXIST') throw ioError(`write ${path}`, error);
    }
    const lock = read(path);
    if (lock?.alive) {
      const who = lock.owner
        ? `process ${lock.owner.pid} on ${lock.owner.host}`
        : 'a process that is just starting';
      throw new UserError('E_LOCKED', `${runDirectory} is being trained by ${who}.`, {
        hint: `Follow it with \`${follow}\`, or stop that process first.`,
      });
    }
    if (lock) removeDead(path, lock.text);
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    try {
      if (read(path)?.text === text) utimesSync(path, now, now); // else another process took it over
    } catch {
      // the folder is gone or out of reach: the next write says so
    }
  }, HEARTBEAT_MS);
  heartbeat.unref();
  return () => {
    clearInterval(heartbeat);
    if (read(path)?.text === text) rmSync(path, { force: true }); // else another process took it over
  };
};

/** Removes a dead owner's lock, unless another process took the run in the meantime. */
const removeDead = (path: string, text: string): void => {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return; // somebody else removed it
    throw ioError(`remove the dead lock ${path}`, error);
  }
  if (readFileSync(aside, 'utf8') === text) rmSync(aside);
  else renameSync(aside, path);
};
