/** @file Helpers for the tests of locks: lock files, processes and assertions. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { UserError } from '../errors.js';
import { acquireLock, ownerOf } from './lock.js';
import { type Owner, thisProcess } from './owner.js';

export const root = mkdtempSync(join(tmpdir(), 'wnlstm-'));
export const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(root, { recursive: true });
});

export function fresh(): string {
  return mkdtempSync(join(root, 'run-'));
}

export function lockOf(directory: string): string {
  return join(directory, 'lock');
}

export const hasProc = existsSync('/proc/self/stat');

/** The fields of `/proc/<pid>/stat` after the process name: state, parent, …; empty without /proc. */
export function statOf(pid: number): string[] {
  if (!hasProc) return [];
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** Starts a process that sleeps until the tests end, and describes it as an owner. */
export async function sleeper(): Promise<{ child: ChildProcess; owner: Owner }> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' });
  children.push(child);
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  return { child, owner: { ...thisProcess(), pid, started: statOf(pid)[19] ?? '' } };
}

/** Writes a lock with this owner or text, whose last heartbeat was some seconds ago. */
export function writeLock(directory: string, content: Owner | string, secondsAgo = 0): void {
  writeFileSync(lockOf(directory), typeof content === 'string' ? content : `${JSON.stringify(content)}\n`);
  const touched = Date.now() / 1000 - secondsAgo;
  utimesSync(lockOf(directory), touched, touched);
}

export function stored(directory: string): Owner {
  return JSON.parse(readFileSync(lockOf(directory), 'utf8')) as Owner;
}

/** Asserts that locking is refused with the name of the owner, and changes no file. */
export async function assertRefused(directory: string, owner: string): Promise<void> {
  const before = readFileSync(lockOf(directory), 'utf8');
  await assert.rejects(acquireLock(directory), (error) => {
    assert.ok(error instanceof UserError, String(error));
    assert.equal(error.code, 'E_LOCKED');
    assert.ok(error.message.includes(directory) && error.message.includes(owner), error.message);
    assert.ok(error.hint);
    return true;
  });
  assert.equal(readFileSync(lockOf(directory), 'utf8'), before);
  assert.deepEqual(readdirSync(directory), ['lock']);
}

/** Asserts that this process can lock the folder and release it. */
export async function assertAvailable(directory: string): Promise<void> {
  assert.equal(ownerOf(directory), null);
  const { release } = await acquireLock(directory);
  assert.equal(stored(directory).pid, process.pid);
  assert.deepEqual(readdirSync(directory), ['lock'], 'no file of the old lock remains');
  release();
  assert.deepEqual(readdirSync(directory), []);
}
