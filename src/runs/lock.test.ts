/** @file Who owns a run: living and dead owners, on this host and on others. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { UserError } from '../errors.js';
import { acquireLock, ownerOf } from './lock.js';
import { type Owner, thisProcess } from './owner.js';

const root = mkdtempSync(join(tmpdir(), 'wnlstm-'));
const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(root, { recursive: true });
});

function fresh(): string {
  return mkdtempSync(join(root, 'run-'));
}

function lockOf(directory: string): string {
  return join(directory, 'lock');
}

const hasProc = existsSync('/proc/self/stat');

/** Fields of `/proc/<pid>/stat` behind the name: state, parent, …; empty where there is no /proc. */
function statOf(pid: number): string[] {
  if (!hasProc) return [];
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** A process that sleeps until the tests are over, as an owner. */
async function sleeper(): Promise<{ child: ChildProcess; owner: Owner }> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' });
  children.push(child);
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  return { child, owner: { ...thisProcess(), pid, started: statOf(pid)[19] ?? '' } };
}

/** A lock of somebody else, last touched so many seconds ago. */
function writeLock(directory: string, content: Owner | string, secondsAgo = 0): void {
  writeFileSync(lockOf(directory), typeof content === 'string' ? content : `${JSON.stringify(content)}\n`);
  const touched = Date.now() / 1000 - secondsAgo;
  utimesSync(lockOf(directory), touched, touched);
}

function stored(directory: string): Owner {
  return JSON.parse(readFileSync(lockOf(directory), 'utf8')) as Owner;
}

/** Refused, naming the owner, and nothing changed. */
function isRefused(directory: string, who: string): void {
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
function isTaken(directory: string): void {
  assert.equal(ownerOf(directory), null);
  const { release } = acquireLock(directory);
  assert.equal(stored(directory).pid, process.pid);
  assert.deepEqual(readdirSync(directory), ['lock'], 'no rest of the old lock');
  release();
  assert.deepEqual(readdirSync(directory), []);
}

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
