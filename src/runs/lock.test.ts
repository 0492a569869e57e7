/** @file Laws of locks: a run with a living owner is refused, and a run with a dead owner is taken over. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { test } from 'node:test';
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

test('a lock names the host, the process and its start time, and is removed on release', async () => {
  const directory = fresh();
  assert.equal(ownerOf(directory), null);
  const { release } = await acquireLock(directory);
  const expected = {
    ...thisProcess(),
    host: hostname(),
    pid: process.pid,
    started: statOf(process.pid)[19] ?? '',
  };
  assert.deepEqual(stored(directory), { ...expected, beat: '0'.repeat(12) });
  assert.deepEqual(ownerOf(directory), expected);
  release();
  assert.equal(ownerOf(directory), null);
  await assertAvailable(directory);
});

test('a second release has no effect', async () => {
  const directory = fresh();
  const { release } = await acquireLock(directory);
  release();
  release();
  await assertAvailable(directory);
});

test('a process cannot lock a run twice', async () => {
  const directory = fresh();
  const { release } = await acquireLock(directory);
  await assertRefused(directory, `process ${process.pid} on ${hostname()}`);
  release();
});

test('a run that another running process owns is refused with its name, however old the lock is', async () => {
  const { owner } = await sleeper();
  const directory = fresh();
  for (const secondsAgo of [0, 3600]) {
    writeLock(directory, owner, secondsAgo);
    await assertRefused(directory, `process ${owner.pid} on ${hostname()}`);
    assert.deepEqual(ownerOf(directory), owner);
  }
});

test('the run of a process that has ended is taken over without waiting', async () => {
  const { child, owner } = await sleeper();
  const directory = fresh();
  writeLock(directory, owner);
  await assertRefused(directory, String(owner.pid));
  child.kill('SIGKILL');
  await once(child, 'exit');
  await assertAvailable(directory);
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
  await assertAvailable(directory);
});

test('a process with the pid of the owner but another start time is not the owner', async () => {
  const { owner } = await sleeper();
  const directory = fresh();
  writeLock(directory, { ...owner, started: `1${owner.started}` });
  await assertAvailable(directory);
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
  test(`a lock from ${where} is refused as soon as its heartbeat moves, whatever the clocks say`, async () => {
    for (const secondsAgo of [-3600, 0, 30, 3600]) {
      const directory = fresh();
      const owner = { ...thisProcess(), pid: process.pid, ...change };
      writeLock(directory, owner, secondsAgo);
      let beats = 0;
      const heart = setInterval(
        () => writeLock(directory, { ...owner, beat: String(++beats) } as Owner, secondsAgo),
        20,
      );
      const started = performance.now();
      await assert.rejects(acquireLock(directory, { staleMs: 3000 }), { code: 'E_LOCKED', message: named });
      clearInterval(heart);
      assert.ok(performance.now() - started < 2900, 'it does not wait for the lock to become stale');
    }
  });

  test(`a lock from ${where} is taken over after its heartbeat has stood still, however new it looks`, async () => {
    for (const secondsAgo of [-3600, 0, 3600]) {
      const directory = fresh();
      writeLock(directory, { ...thisProcess(), pid: process.pid, ...change }, secondsAgo);
      const reasons: string[] = [];
      const started = performance.now();
      const { release } = await acquireLock(directory, {
        staleMs: 200,
        onWait: (reason) => reasons.push(reason),
      });
      assert.ok(performance.now() - started >= 200);
      assert.match(reasons.join(), /^Waiting up to 0\.2 s to see whether process \d+ on .* is alive\.$/);
      release();
    }
  });
}

test('for reports, an owner elsewhere is alive while its lock is less than a minute old', () => {
  const directory = fresh();
  const owner = { ...thisProcess(), boot: '1' };
  writeLock(directory, owner, 55);
  assert.deepEqual(ownerOf(directory), owner);
  writeLock(directory, owner, 61);
  assert.equal(ownerOf(directory), null);
});

test('with wait, a lock is taken when its owner has ended; an abort ends the wait with the error', async () => {
  const { child, owner } = await sleeper();
  const directory = fresh();
  writeLock(directory, owner);
  await assert.rejects(acquireLock(directory, { wait: true, signal: AbortSignal.timeout(100) }), {
    code: 'E_LOCKED',
  });
  const lock = acquireLock(directory, { wait: true });
  child.kill('SIGKILL');
  (await lock).release();
});

test('the lock of its owner stays its own while the heartbeat counts', async () => {
  const directory = fresh();
  const { assertHeld, release } = await acquireLock(directory);
  const path = lockOf(directory);
  writeFileSync(path, readFileSync(path, 'utf8').replace(/"beat":"\d+"/, '"beat":"000000000042"'));
  assertHeld();
  release();
  assert.equal(existsSync(path), false);
});

test('a lock from an earlier version is read', async () => {
  const { child, owner } = await sleeper();
  const directory = fresh();
  const { host, pid, started } = owner;
  writeLock(directory, JSON.stringify({ host, pid, started }));
  await assertRefused(directory, `process ${pid} on ${host}`);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await assertAvailable(directory);
});
