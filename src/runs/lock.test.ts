/** @file The owners of a run: living and dead, on this host and on others. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { hostname } from 'node:os';
import { test } from 'node:test';
import { UserError } from '../errors.js';
import { acquireLock, ownerOf } from './lock.js';
import {
  children,
  fresh,
  hasProc,
  isRefused,
  isTaken,
  lockOf,
  sleeper,
  statOf,
  stored,
  writeLock,
} from './lock.testing.js';
import { type Owner, thisProcess } from './owner.js';

test('a lock names host, process and start time, and is gone once it is given back', () => {
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
  isTaken(directory);
});

test('giving back twice is giving back once', () => {
  const directory = fresh();
  const { release } = acquireLock(directory);
  release();
  release();
  isTaken(directory);
});

test('a run that this process owns is refused to this process as well', () => {
  const directory = fresh();
  const { release } = acquireLock(directory);
  isRefused(directory, `process ${process.pid} on ${hostname()}`);
  release();
});

test('a run that another living process owns is refused, naming it, however old its lock is', async () => {
  const { owner } = await sleeper();
  const directory = fresh();
  for (const secondsAgo of [0, 3600]) {
    writeLock(directory, owner, secondsAgo);
    isRefused(directory, `process ${owner.pid} on ${hostname()}`);
    assert.deepEqual(ownerOf(directory), owner);
  }
});

test('a run of a process that has ended is taken over at once', async () => {
  const { child, owner } = await sleeper();
  const directory = fresh();
  writeLock(directory, owner);
  isRefused(directory, String(owner.pid));
  child.kill('SIGKILL');
  await once(child, 'exit');
  isTaken(directory);
});

test('a process that was killed but not yet reaped by its parent has ended', {
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
  isTaken(directory);
});

test('a process with the pid of the owner but another start time is another process', async () => {
  const { owner } = await sleeper();
  const directory = fresh();
  writeLock(directory, { ...owner, started: `1${owner.started}` });
  isTaken(directory);
});

/** Owners that cannot be seen from here. */
const elsewhere: [string, Partial<Owner>, RegExp][] = [
  ['another host', { host: 'another-host.example', boot: '1' }, /on another-host\.example\.$/],
  [
    'another container of this host',
    { namespace: 'pid:[1]' },
    /\(in another container, or on another machine with/,
  ],
  ['another machine of the same name', { boot: '1' }, /\(in another container, or on another machine with/],
];

for (const [where, change, named] of elsewhere) {
  test(`a lock of ${where} is refused while it is touched, and taken over after 60 s`, () => {
    const directory = fresh();
    const owner = { ...thisProcess(), pid: process.pid, ...change };
    for (const secondsAgo of [0, 30, 55]) {
      writeLock(directory, owner, secondsAgo);
      isRefused(directory, `process ${process.pid} on `);
      assert.throws(() => acquireLock(directory), { message: named });
      assert.deepEqual(ownerOf(directory), owner);
    }
    writeLock(directory, owner, 61);
    isTaken(directory);
  });
}

test('a refusal because of another machine says when the lock expires, and what to do', () => {
  const directory = fresh();
  writeLock(directory, { ...thisProcess(), host: 'b', boot: '1' }, 20);
  const until = new Date(statSync(lockOf(directory)).mtimeMs + 60_000).toTimeString().slice(0, 8);
  assert.throws(
    () => acquireLock(directory),
    (error) => error instanceof UserError && Boolean(error.hint?.includes(`again at ${until}`)),
  );
});

test('a lock that earlier versions wrote is understood', async () => {
  const { child, owner } = await sleeper();
  const directory = fresh();
  const { host, pid, started } = owner;
  writeLock(directory, JSON.stringify({ host, pid, started }));
  isRefused(directory, `process ${pid} on ${host}`);
  child.kill('SIGKILL');
  await once(child, 'exit');
  isTaken(directory);
});
