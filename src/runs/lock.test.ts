/** @file Who owns a run: living and dead owners, on this host and on others. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type MockTracker, test } from 'node:test';
import { UserError } from '../errors.js';
import { acquireLock, type Owner, ownerOf } from './lock.js';

const root = mkdtempSync(join(tmpdir(), 'wnlstm-'));
const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(root, { recursive: true });
});

const fresh = (): string => mkdtempSync(join(root, 'run-'));
const lockOf = (directory: string): string => join(directory, 'lock');
const hasProc = existsSync('/proc/self/stat');

/** Fields of `/proc/<pid>/stat` behind the name: state, parent, …; empty where there is no /proc. */
const statOf = (pid: number): string[] => {
  if (!hasProc) return [];
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
};

/** A process that sleeps until the tests are over, as an owner. */
const sleeper = async (): Promise<{ child: ChildProcess; owner: Owner }> => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' });
  children.push(child);
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  return { child, owner: { host: hostname(), pid, started: statOf(pid)[19] ?? '' } };
};

/** A lock of somebody else, last touched so many seconds ago. */
const writeLock = (directory: string, content: Owner | string, secondsAgo = 0): void => {
  writeFileSync(lockOf(directory), typeof content === 'string' ? content : `${JSON.stringify(content)}\n`);
  const touched = Date.now() / 1000 - secondsAgo;
  utimesSync(lockOf(directory), touched, touched);
};

const stored = (directory: string): Owner => JSON.parse(readFileSync(lockOf(directory), 'utf8')) as Owner;

/** Refused, naming the owner, and nothing changed. */
const isRefused = (directory: string, who: string): void => {
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
};

/** Taken, owned by this process, and given back. */
const isTaken = (directory: string): void => {
  assert.equal(ownerOf(directory), null);
  const release = acquireLock(directory);
  assert.equal(stored(directory).pid, process.pid);
  assert.deepEqual(readdirSync(directory), ['lock'], 'no rest of the old lock');
  release();
  assert.deepEqual(readdirSync(directory), []);
};

test('a lock names host, process and start time, and is gone once it is given back', () => {
  const directory = fresh();
  assert.equal(ownerOf(directory), null);
  const release = acquireLock(directory);
  const expected = { host: hostname(), pid: process.pid, started: statOf(process.pid)[19] ?? '' };
  assert.deepEqual(stored(directory), expected);
  assert.deepEqual(ownerOf(directory), expected);
  release();
  assert.equal(ownerOf(directory), null);
  isTaken(directory);
});

test('giving back twice is giving back once', () => {
  const directory = fresh();
  const release = acquireLock(directory);
  release();
  release();
  isTaken(directory);
});

test('a run that this process owns is refused to this process as well', () => {
  const directory = fresh();
  const release = acquireLock(directory);
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
  const started = statOf(pid)[19];
  while (statOf(pid)[0] !== 'Z') await new Promise((resolve) => setTimeout(resolve, 5));
  const directory = fresh();
  writeLock(directory, { host: hostname(), pid, started });
  isTaken(directory);
});

test('a process with the pid of the owner but another start time is another process', async () => {
  const { owner } = await sleeper();
  const directory = fresh();
  writeLock(directory, { ...owner, started: `1${owner.started}` });
  isTaken(directory);
});

test('a lock of another host is refused while it is touched, and taken over after 60 s', () => {
  const directory = fresh();
  const owner = { host: 'another-host.example', pid: process.pid, started: '1' };
  for (const secondsAgo of [0, 30, 55]) {
    writeLock(directory, owner, secondsAgo);
    isRefused(directory, `process ${process.pid} on another-host.example`);
    assert.deepEqual(ownerOf(directory), owner);
  }
  writeLock(directory, owner, 61);
  isTaken(directory);
});

test('a torn lock is a process that is just starting, for 60 s', () => {
  for (const content of ['', '{"host":"a', 'null', '{}']) {
    const directory = fresh();
    writeLock(directory, content);
    assert.throws(() => acquireLock(directory), { code: 'E_LOCKED' }, content);
    writeLock(directory, content, 61);
    isTaken(directory);
  }
});

/** Catches the heartbeat of a lock that is taken while the test runs, so that time need not pass. */
const catchHeartbeat = (mock: MockTracker): { beat: () => void; everyMs: number; timer: NodeJS.Timeout } => {
  const caught = {
    beat: (): void => assert.fail('no heartbeat'),
    everyMs: 0,
    timer: setTimeout(() => {}, 0),
  };
  mock.method(globalThis, 'setInterval', (task: () => void, ms: number) => {
    caught.beat = task;
    caught.everyMs = ms;
    return caught.timer;
  });
  return caught;
};

test('the owner touches its lock every ten seconds, until it gives it back', ({ mock }) => {
  const heartbeat = catchHeartbeat(mock);
  const cleared = mock.method(globalThis, 'clearInterval');
  const directory = fresh();
  const release = acquireLock(directory);
  assert.equal(heartbeat.everyMs, 10_000);
  const old = new Date(Date.now() - 50_000);
  for (let count = 0; count < 3; count++) {
    utimesSync(lockOf(directory), old, old);
    heartbeat.beat();
    const agoMs = Date.now() - statSync(lockOf(directory)).mtimeMs;
    assert.ok(agoMs < 5000, `touched ${agoMs} ms ago`);
  }
  assert.equal(cleared.mock.callCount(), 0);
  release();
  assert.equal(cleared.mock.calls[0].arguments[0], heartbeat.timer);
});

test('a lock that goes away does not end its process by the heartbeat', ({ mock }) => {
  const heartbeat = catchHeartbeat(mock);
  const directory = fresh();
  const release = acquireLock(directory);
  rmSync(directory, { recursive: true });
  assert.doesNotThrow(() => heartbeat.beat());
  release();
});

test('giving back leaves the lock of a process that has taken the run over', () => {
  const directory = fresh();
  const release = acquireLock(directory);
  const owner = { host: 'another-host.example', pid: 1, started: '1' };
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

test('a lock that cannot be read is an error of the disk, not an endless wait', () => {
  const directory = mkdtempSync(join(tmpdir(), 'wnlstm-'));
  mkdirSync(join(directory, 'lock'));
  assert.throws(() => acquireLock(directory), { name: 'UserError', code: 'E_IO' });
  rmSync(directory, { recursive: true });
});
