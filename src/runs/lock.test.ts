/** @file Laws of locks: a run with a living owner is refused, and a run with a dead owner is taken over. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { hostname } from 'node:os';
import { test } from 'node:test';
import { UserError } from '../errors.js';
import { acquireLock, ownerOf } from './lock.js';
import {
  assertAvailable,
  assertRefused,
  children,
  fresh,
  hasProc,
  lockOf,
  sleeper,
  statOf,
  stored,
  writeLock,
} from './lock.testing.js';
import { type Owner, thisProcess } from './owner.js';

test('a lock names the host, the process and its start time, and is removed on release', () => {
  const directory = fresh();
  assert.equal(ownerOf(directory), null);
  const { release } = acquireLock(directory);
  const expected = {
    ...thisProcess(),
    host: hostname(),
    pid: process.pid,
    started: statOf(process.pid)[19] ?? '',
  };
  assert.deepEqual(stored(directory), expected);
  assert.deepEqual(ownerOf(directory), expected);
  release();
  assert.equal(ownerOf(directory), null);
  assertAvailable(directory);
});

test('a second release has no effect', () => {
  const directory = fresh();
  const { release } = acquireLock(directory);
  release();
  release();
  assertAvailable(directory);
});

test('a process cannot lock a run twice', () => {
  const directory = fresh();
  const { release } = acquireLock(directory);
  assertRefused(directory, `process ${process.pid} on ${hostname()}`);
  release();
});

test('a run that another running process owns is refused with its name, however old the lock is', async () => {
  const { owner } = await sleeper();
  const directory = fresh();
  for (const secondsAgo of [0, 3600]) {
    writeLock(directory, owner, secondsAgo);
    assertRefused(directory, `process ${owner.pid} on ${hostname()}`);
    assert.deepEqual(ownerOf(directory), owner);
  }
});

test('the run of a process that has ended is taken over without waiting', async () => {
  const { child, owner } = await sleeper();
  const directory = fresh();
  writeLock(directory, owner);
  assertRefused(directory, String(owner.pid));
  child.kill('SIGKILL');
  await once(child, 'exit');
  assertAvailable(directory);
});

test('a process that was killed but not yet reaped by its parent counts as ended', {
  skip: hasProc ? false : 'no /proc',
}, async () => {
  // a shell starts a child, writes its pid, and becomes a sleep, which never waits for the child
  const parent = spawn('sh', ['-c', 'sleep 0.02 & echo $!; exec sleep 1000'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(parent);
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(line.toString());
  const started = statOf(pid)[19]!;
  while (statOf(pid)[0] !== 'Z') await new Promise((resolve) => setTimeout(resolve, 5));
  const directory = fresh();
  writeLock(directory, { ...thisProcess(), pid, started });
  assertAvailable(directory);
});

test('a process with the pid of the owner but another start time is not the owner', async () => {
  const { owner } = await sleeper();
  const directory = fresh();
  writeLock(directory, { ...owner, started: `1${owner.started}` });
  assertAvailable(directory);
});

/** Owners whose processes cannot be checked on this machine. */
const elsewhere: [string, Partial<Owner>, RegExp][] = [
  ['another host', { host: 'another-host.example', boot: '1' }, /on another-host\.example\.$/],
  [
    'another container of this host',
    { namespace: 'pid:[1]' },
    /\(in another container, or on another machine with/,
  ],
  ['another machine with the same name', { boot: '1' }, /\(in another container, or on another machine with/],
];

for (const [where, change, named] of elsewhere) {
  test(`a lock from ${where} is refused while it has a heartbeat, and taken over after 60 s without one`, () => {
    const directory = fresh();
    const owner = { ...thisProcess(), pid: process.pid, ...change };
    for (const secondsAgo of [0, 30, 55]) {
      writeLock(directory, owner, secondsAgo);
      assertRefused(directory, `process ${process.pid} on `);
      assert.throws(() => acquireLock(directory), { message: named });
      assert.deepEqual(ownerOf(directory), owner);
    }
    writeLock(directory, owner, 61);
    assertAvailable(directory);
  });
}

test('if another machine owns the run, the error says when the lock expires and what to do', () => {
  const directory = fresh();
  writeLock(directory, { ...thisProcess(), host: 'b', boot: '1' }, 20);
  const until = new Date(statSync(lockOf(directory)).mtimeMs + 60_000).toTimeString().slice(0, 8);
  assert.throws(
    () => acquireLock(directory),
    (error) => error instanceof UserError && Boolean(error.hint?.includes(`again at ${until}`)),
  );
});

test('a lock from an earlier version is read', async () => {
  const { child, owner } = await sleeper();
  const directory = fresh();
  const { host, pid, started } = owner;
  writeLock(directory, JSON.stringify({ host, pid, started }));
  assertRefused(directory, `process ${pid} on ${host}`);
  child.kill('SIGKILL');
  await once(child, 'exit');
  assertAvailable(directory);
});
