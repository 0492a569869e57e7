/** @file Locks and processes for the tests of locks. */

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

/** Fields of `/proc/<pid>/stat` behind the name: state, parent, …; empty where there is no /proc. */
export function statOf(pid: number): string[] {
  if (!hasProc) return [];
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** A process that sleeps until the tests are over, as an owner. */
export async function sleeper(): Promise<{ child: ChildProcess; owner: Owner }> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' });
  children.push(child);
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  return { child, owner: { ...thisProcess(), pid, started: statOf(pid)[19] ?? '' } };
}

/** A lock of somebody else, last touched so many seconds ago. */
export function writeLock(directory: string, content: Owner | string, secondsAgo = 0): void {
  writeFileSync(lockOf(directory), typeof content === 'string' ? content : `${JSON.stringify(content)}\n`);
  const touched = Date.now() / 1000 - secondsAgo;
  utimesSync(lockOf(directory), touched, touched);
}

export function stored(directory: string): Owner {
  return JSON.parse(readFileSync(lockOf(directory), 'utf8')) as Owner;
}

/** Refused, naming the owner, and nothing changed. */
export function isRefused(directory: string, who: string): void {
  const before = readFileSync(lockOf(directory), 'utf8');
  assert.throws(
    () => acquireLock(directory),
    (error) => {
      assert.ok(error instanceof UserError, String(error));
      assert.equal(error.code, 'E_LOCKED');
      assert.ok(error.message.includes(directory) && error.message.includes(who), error.message);
      assert.ok(error.hint);
      return true;
    },
  );
  assert.equal(readFileSync(lockOf(directory), 'utf8'), before);
  assert.deepEqual(readdirSync(directory), ['lock']);
}

/** Taken, owned by this process, and given back. */
export function isTaken(directory: string): void {
  assert.equal(ownerOf(directory), null);
  const { release } = acquireLock(directory);
  assert.equal(stored(directory).pid, process.pid);
  assert.deepEqual(readdirSync(directory), ['lock'], 'no rest of the old lock');
  release();
  assert.deepEqual(readdirSync(directory), []);
}
