/** @file Laws of taking over the lock of a dead process, of losing a lock, and of damaged locks. */

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
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { lockText, withoutBeat } from './heartbeat.js';
import { acquireLock } from './lock.js';
import {
  assertAvailable,
  children,
  fresh,
  lockOf,
  root,
  sleeper,
  stored,
  writeLock,
} from './lock.testing.js';
import { thisProcess } from './owner.js';

test('a lock without an owner counts as being written, and a moment later as left from a crash', async () => {
  for (const content of ['', '{"host":"a', 'null', '{}', '{"host":"a","pid":0,"started":"1"}']) {
    const directory = fresh();
    writeLock(directory, content);
    const started = Date.now();
    const { release } = await acquireLock(directory);
    assert.ok(Date.now() - started >= 150, content);
    assert.equal(stored(directory).pid, process.pid);
    release();
    assert.deepEqual(readdirSync(directory), []);
  }
});

test('an incomplete lock with a time in the future counts as left from a crash', async () => {
  const directory = fresh();
  writeLock(directory, '');
  utimesSync(lockOf(directory), new Date(2100, 0), new Date(2100, 0));
  await assertAvailable(directory);
});

test('a process that was killed during a takeover does not block the next takeover', async () => {
  const { child, owner } = await sleeper();
  child.kill('SIGKILL');
  await once(child, 'exit');
  const directory = fresh();
  writeLock(directory, owner);
  const dead = readFileSync(lockOf(directory), 'utf8');
  const name = createHash('sha256').update(dead).digest('hex').slice(0, 8);
  writeFileSync(`${lockOf(directory)}.${name}`, dead.replace(/"started":"/, '"started":"1'));
  const { release } = await acquireLock(directory);
  assert.deepEqual(readdirSync(directory), ['lock']);
  release();
});

test('if many processes take over the lock of a dead process, exactly one succeeds', async () => {
  const { child, owner } = await sleeper();
  child.kill('SIGKILL');
  await once(child, 'exit');
  const directory = fresh();
  const script = `import { acquireLock } from ${JSON.stringify(new URL('lock.js', import.meta.url))};
    console.log('ready');
    process.stdin.once('data', async () => {
      try { (await acquireLock(${JSON.stringify(directory)})).assertHeld(); console.log('taken'); }
      catch (error) { console.log(error.code); }
    });`;
  writeLock(directory, owner);
  const rivals = Array.from({ length: 6 }, () => {
    const rival = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    children.push(rival);
    return { rival, lines: rival.stdout.setEncoding('utf8')[Symbol.asyncIterator]() };
  });
  const next = (): Promise<string[]> =>
    Promise.all(rivals.map(async ({ lines }) => String((await lines.next()).value).trim()));
  assert.deepEqual(await next(), Array(6).fill('ready'));
  for (const { rival } of rivals) rival.stdin.write('go\n');
  assert.deepEqual((await next()).sort(), [...Array(5).fill('E_LOCKED'), 'taken']);
  for (const { rival } of rivals) rival.kill('SIGKILL');
});

test('the heartbeat counts in the file while the main thread of its owner is busy', async () => {
  const directory = fresh();
  const text = lockText(thisProcess());
  writeFileSync(lockOf(directory), text);
  const workerData = { path: lockOf(directory), text, everyMs: 10 };
  const beat = new Worker(new URL('heartbeat-thread.js', import.meta.url), { workerData });
  const content = (): string => readFileSync(lockOf(directory), 'utf8');
  for (let waited = 0; content() === text; waited += 10) {
    assert.ok(waited < 5000);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10); // blocks this thread
    if (waited === 0) await once(beat, 'online');
  }
  assert.equal(withoutBeat(content()), withoutBeat(text));
  await beat.terminate();
});

test('a process that has lost its lock gets an error that names the new owner', async () => {
  const directory = fresh();
  const lock = await acquireLock(directory);
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

test('releasing a lock does not remove the lock of a process that has taken over the run', async () => {
  const directory = fresh();
  const { release } = await acquireLock(directory);
  const owner = { ...thisProcess(), host: 'another-host.example', pid: 1 };
  writeLock(directory, owner); // as another host does if this one was suspended for more than 60 s
  release();
  assert.deepEqual(stored(directory), owner);
});

test('a held lock does not prevent its process from exiting', async () => {
  const directory = fresh();
  const script = `import { acquireLock } from ${JSON.stringify(new URL('lock.js', import.meta.url))};
    acquireLock(${JSON.stringify(directory)});`;
  const { status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { timeout: 5000 });
  assert.equal(status, 0);
  assert.ok(existsSync(lockOf(directory)));
  await assertAvailable(directory); // its owner is dead
});

test('locking a folder that does not exist is an E_IO error', async () => {
  await assert.rejects(acquireLock(join(root, 'absent')), { name: 'UserError', code: 'E_IO' });
});

test('a lock that is not a regular file is an error, not an endless wait', {
  skip: process.platform === 'win32' ? 'needs mkfifo' : false,
}, async () => {
  const makers: ((path: string) => void)[] = [
    (path) => mkdirSync(path),
    (path) => symlinkSync('nowhere', path),
    (path) => spawnSync('mkfifo', [path]),
  ];
  for (const make of makers) {
    const directory = fresh();
    make(lockOf(directory));
    await assert.rejects(acquireLock(directory), {
      code: 'E_IO',
      message: /lock: expected a regular file, got a/,
    });
  }
});
