/** @file Replacing the lock of a dead process, losing a lock, and locks that are damaged. */

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { acquireLock } from './lock.js';
import { children, fresh, isTaken, lockOf, root, sleeper, stored, writeLock } from './lock.testing.js';
import { thisProcess } from './owner.js';

test('a lock without an owner is being written, and is a rest of a crash a moment later', () => {
  for (const content of ['', '{"host":"a', 'null', '{}', '{"host":"a","pid":0,"started":"1"}']) {
    const directory = fresh();
    writeLock(directory, content);
    const begun = Date.now();
    const { release } = acquireLock(directory);
    assert.ok(Date.now() - begun >= 150, content);
    assert.equal(stored(directory).pid, process.pid);
    release();
    assert.deepEqual(readdirSync(directory), []);
  }
});

test('a torn lock with a time in the future is left from a crash', () => {
  const directory = fresh();
  writeLock(directory, '');
  utimesSync(lockOf(directory), new Date(2100, 0), new Date(2100, 0));
  isTaken(directory);
});

test('a takeover that was killed half way does not stand in the way of the next', async () => {
  const { child, owner } = await sleeper();
  child.kill('SIGKILL');
  await once(child, 'exit');
  const directory = fresh();
  writeLock(directory, owner);
  const dead = readFileSync(lockOf(directory), 'utf8');
  const name = createHash('sha256').update(dead).digest('hex').slice(0, 8);
  writeFileSync(`${lockOf(directory)}.${name}`, dead.replace(/"started":"/, '"started":"1'));
  const { release } = acquireLock(directory);
  assert.deepEqual(readdirSync(directory), ['lock']);
  release();
});

test('of many processes that take over one dead lock, one has it', async () => {
  const { child, owner } = await sleeper();
  child.kill('SIGKILL');
  await once(child, 'exit');
  const directory = fresh();
  const script = `import { acquireLock } from ${JSON.stringify(new URL('lock.js', import.meta.url))};
    console.log('ready');
    process.stdin.once('data', () => {
      try { acquireLock(${JSON.stringify(directory)}).assertHeld(); console.log('taken'); }
      catch (error) { console.log(error.code); }
    });`;
  writeLock(directory, owner);
  const rivals = Array.from({ length: 6 }, () => {
    const rival = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    children.push(rival);
    return { rival, says: rival.stdout.setEncoding('utf8')[Symbol.asyncIterator]() };
  });
  const next = (): Promise<string[]> =>
    Promise.all(rivals.map(async ({ says }) => String((await says.next()).value).trim()));
  assert.deepEqual(await next(), Array(6).fill('ready'));
  for (const { rival } of rivals) rival.stdin.write('go\n');
  assert.deepEqual((await next()).sort(), [...Array(5).fill('E_LOCKED'), 'taken']);
  for (const { rival } of rivals) rival.kill('SIGKILL');
});

test('the owner touches its lock while its thread computes, and an old lock stays alive so', async () => {
  const directory = fresh();
  writeFileSync(lockOf(directory), 'text');
  const old = new Date(Date.now() - 50_000);
  utimesSync(lockOf(directory), old, old);
  const workerData = { path: lockOf(directory), text: 'text', everyMs: 10 };
  const beat = new Worker(new URL('heartbeat-thread.js', import.meta.url), { workerData });
  const isTouched = (): boolean => Date.now() - statSync(lockOf(directory)).mtimeMs < 5000;
  for (let waited = 0; !isTouched(); waited += 10) {
    assert.ok(waited < 5000);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10); // this thread does nothing else
    if (waited === 0) await once(beat, 'online');
  }
  await beat.terminate();
});

test('who has lost its lock is told by whom, and writes nothing more', () => {
  const directory = fresh();
  const lock = acquireLock(directory);
  lock.assertHeld();
  writeLock(directory, { ...thisProcess(), host: 'b', boot: '1', pid: 7 });
  assert.throws(lock.assertHeld, {
    code: 'E_LOCKED',
    message: /was taken over by process 7 on b; this process does/,
  });
  rmSync(lockOf(directory));
  assert.throws(lock.assertHeld, { code: 'E_LOCKED', message: /is no longer locked/ });
  lock.release();
});

test('giving back leaves the lock of a process that has taken the run over', () => {
  const directory = fresh();
  const { release } = acquireLock(directory);
  const owner = { ...thisProcess(), host: 'another-host.example', pid: 1 };
  writeLock(directory, owner); // as another host does when this one was frozen for more than 60 s
  release();
  assert.deepEqual(stored(directory), owner);
});

test('a held lock does not keep its process from ending', () => {
  const directory = fresh();
  const script = `import { acquireLock } from ${JSON.stringify(new URL('lock.js', import.meta.url))};
    acquireLock(${JSON.stringify(directory)});`;
  const { status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { timeout: 5000 });
  assert.equal(status, 0);
  assert.ok(existsSync(lockOf(directory)));
  isTaken(directory); // and its lock is that of a dead process
});

test('a folder that is not there cannot be locked: an error of the disk', () => {
  assert.throws(() => acquireLock(join(root, 'absent')), { name: 'UserError', code: 'E_IO' });
});

test('a lock that is no file is an error at once, not an endless wait', {
  skip: process.platform === 'win32' ? 'needs mkfifo' : false,
}, () => {
  const makers: ((path: string) => void)[] = [
    (path) => mkdirSync(path),
    (path) => symlinkSync('nowhere', path),
    (path) => spawnSync('mkfifo', [path]),
  ];
  for (const make of makers) {
    const directory = fresh();
    make(lockOf(directory));
    assert.throws(() => acquireLock(directory), {
      code: 'E_IO',
      message: /lock: expected a regular file, got a/,
    });
  }
});
