/** @file The identity of a run, its record, and finding it again. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type Config, type ConfigKey, configKeys, parseConfig } from '../config.js';
import { UserError } from '../errors.js';
import { toJson } from '../files.js';
import { acquireLock } from './lock.js';
import {
  FORMAT,
  type FoundRun,
  findRun,
  fingerprint,
  listRuns,
  type RunRecord,
  readConfig,
  readRecord,
  readSummary,
  runId,
  type StoredStatus,
  statusOf,
  writeRecord,
} from './run.js';

const root = mkdtempSync(join(tmpdir(), 'wnlstm-'));
after(() => rmSync(root, { recursive: true }));
const fresh = (): string => mkdtempSync(join(root, 'runs-'));

const defaults = parseConfig({ backend: 'wasm', device: 'cpu' }, 'test');
const checksums = { images: 'a1', labels: 'b2' };

const record = (id: string, change: Partial<RunRecord> = {}): RunRecord => ({
  format: FORMAT,
  run_id: id,
  status: 'completed',
  fingerprint: 'f'.repeat(64),
  started_at: '2026-01-02T03:04:05.678Z',
  updated_at: '2026-01-02T03:05:00.000Z',
  argv: ['train', '--seed', '1'],
  versions: { node: 'v20.11.0' },
  git_commit: null,
  host: hostname(),
  backend: 'wasm',
  device: 'cpu',
  arithmetic: 'a',
  kernel: 'k',
  threads: 2,
  data: { directory: null, classes: 10, checksums },
  error: null,
  ...change,
});

/** Puts a run into a folder of runs, and says where it is. */
const add = (runs: string, id: string, change: Partial<RunRecord> = {}): string => {
  const directory = join(runs, id);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'config.json'), toJson(defaults));
  writeRecord(directory, record(id, change));
  return directory;
};

/** All runs; a damaged one is an error. */
const list = (runs: string): FoundRun[] =>
  listRuns(runs, (error) => {
    throw error;
  });

const isRunError = (message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof UserError, String(error));
  assert.equal(error.code, 'E_RUN');
  assert.match(error.message, message);
  assert.ok(error.hint);
  return true;
};

test('a fingerprint is 64 hex digits, the same for the same config and data', () => {
  assert.match(fingerprint(defaults, 'a', checksums), /^[0-9a-f]{64}$/);
  assert.equal(fingerprint({ ...defaults }, 'a', { ...checksums }), fingerprint(defaults, 'a', checksums));
});

test('a fingerprint is the same in every version of the program with this format', () => {
  assert.equal(FORMAT, 2);
  assert.equal(
    fingerprint(defaults, 'a', checksums),
    '9b4aeea687537592431a9250209778b3a970649dccbfbd0b2a12343fa89a4032',
  );
});

test('a fingerprint ignores the order of keys', () => {
  const reversed = Object.fromEntries(Object.entries(defaults).reverse()) as Config;
  assert.equal(fingerprint(reversed, 'a', checksums), fingerprint(defaults, 'a', checksums));
  assert.equal(
    fingerprint(defaults, 'a', { labels: 'b2', images: 'a1' }),
    fingerprint(defaults, 'a', checksums),
  );
});

test('a fingerprint ignores the seed, what computes, and the folder of the data, and changes with every other key', () => {
  const others: Config = {
    model: 'base',
    units: 101,
    lr: 0.2,
    batch: 65,
    clip: 0.5,
    clipMode: 'value',
    columnNorm: 1,
    epochs: 6,
    steps: 7,
    seed: 8,
    forgetBias: 0,
    optimizer: 'sgd',
    logEvery: 11,
    backend: 'native',
    device: 'auto',
    threads: 3,
    data: '/elsewhere',
  };
  const ignored: ConfigKey[] = ['seed', 'backend', 'device', 'threads', 'data'];
  const same = fingerprint(defaults, 'a', checksums);
  const prints = configKeys.map((key) => {
    assert.notDeepEqual(others[key], defaults[key], key);
    const print = fingerprint({ ...defaults, [key]: others[key] }, 'a', checksums);
    assert.equal(print === same, ignored.includes(key), key);
    return print;
  });
  assert.equal(new Set(prints).size, configKeys.length - ignored.length + 1);
});

test('a fingerprint changes with the arithmetic', () => {
  assert.notEqual(fingerprint(defaults, 'b', checksums), fingerprint(defaults, 'a', checksums));
});

test('a fingerprint changes with the data, by content and by name', () => {
  const prints = [
    checksums,
    { ...checksums, labels: 'b3' },
    { images: 'b2', labels: 'a1' },
    { images: 'a1' },
  ];
  assert.equal(new Set(prints.map((data) => fingerprint(defaults, 'a', data))).size, prints.length);
});

test('a run id is model, clip if there is one, seed and the first eight digits of the fingerprint', () => {
  const print = '0123456789abcdef'.repeat(4);
  const id = (change: Partial<Config>): string => runId({ ...defaults, ...change }, print);
  assert.equal(id({}), 'wn-s0-01234567');
  assert.equal(id({ model: 'base', seed: 4294967295 }), 'base-s4294967295-01234567');
  assert.equal(id({ clip: 0.5 }), 'wn-clip0.5-s0-01234567');
  assert.equal(id({ clip: 1e-7 }), 'wn-clip1e-7-s0-01234567');
});

test('a record is read as it was written, and replaced without a rest', () => {
  const directory = add(fresh(), 'wn-s0-01234567', { status: 'running' });
  const completed = record('wn-s0-01234567', { error: 'ä "quoted"\nline' });
  writeRecord(directory, completed);
  assert.deepEqual(readRecord(directory), completed);
  assert.deepEqual(readdirSync(directory).sort(), ['config.json', 'run.json']);
});

test('a folder without run.json holds no run', () => {
  assert.equal(readRecord(fresh()), null);
  assert.equal(readRecord(join(root, 'absent')), null);
});

test('a record of format 1 is read, and has an arithmetic of its own', () => {
  const { arithmetic: _, ...before } = record('x');
  const directory = add(fresh(), 'x');
  writeFileSync(join(directory, 'run.json'), toJson({ ...before, format: 1 }));
  assert.deepEqual(readRecord(directory), { ...before, format: 1, arithmetic: 'format-1-wasm-k' });
});

test('a record of another format is refused', () => {
  for (const format of [0, 3, '2', null, undefined]) {
    const directory = fresh();
    writeFileSync(join(directory, 'run.json'), toJson({ ...record('x'), format }));
    assert.throws(() => readRecord(directory), isRunError(/run\.json: expected format 2, got /), `${format}`);
  }
});

test('a torn run.json is reported by its path, wherever it was torn', () => {
  const runs = fresh();
  const directory = join(runs, 'wn-s0-01234567');
  mkdirSync(directory);
  const text = toJson(record('wn-s0-01234567')).trimEnd();
  for (let length = 0; length < text.length; length += 11) {
    writeFileSync(join(directory, 'run.json'), text.slice(0, length));
    assert.throws(() => readRecord(directory), isRunError(/wn-s0-01234567.run\.json: expected JSON, got /));
  }
  assert.throws(() => list(runs), isRunError(/wn-s0-01234567.run\.json/));
});

test('a run.json that is JSON but no record is reported', () => {
  const directory = fresh();
  for (const text of ['{}', '[]', '5', '"completed"', 'null']) {
    writeFileSync(join(directory, 'run.json'), text);
    assert.throws(() => readRecord(directory), isRunError(/run\.json/), text);
  }
});

test('config.json and summary.json are read, a missing summary is null, torn ones are reported', () => {
  const directory = fresh();
  assert.equal(readSummary(directory), null);
  assert.throws(() => readConfig(directory), isRunError(/config\.json/));
  writeFileSync(join(directory, 'config.json'), toJson(defaults));
  writeFileSync(join(directory, 'summary.json'), toJson({ run_id: 'x' }));
  assert.deepEqual(readConfig(directory), defaults);
  assert.deepEqual(readSummary(directory), { run_id: 'x' });
  for (const name of ['config.json', 'summary.json']) writeFileSync(join(directory, name), '{ "units":');
  assert.throws(() => readConfig(directory), isRunError(/config\.json: expected JSON/));
  assert.throws(() => readSummary(directory), isRunError(/summary\.json: expected JSON/));
});

test('a run that says running is stale without an owner, and any other status stays', () => {
  const runs = fresh();
  const directory = add(runs, 'wn-s0-01234567', { status: 'running' });
  const running = record('wn-s0-01234567', { status: 'running' });
  assert.equal(statusOf(directory, running), 'stale');
  const lock = acquireLock(directory);
  assert.equal(statusOf(directory, running), 'running');
  assert.equal(list(runs)[0].status, 'running');
  lock.release();
  assert.equal(list(runs)[0].status, 'stale');
  writeFileSync(
    join(directory, 'lock'),
    JSON.stringify({ host: hostname(), pid: process.pid, started: 'x' }),
  );
  assert.equal(statusOf(directory, running), 'stale', 'the owner is another process that had this pid');
  for (const status of ['completed', 'interrupted', 'failed', 'diverged'] as StoredStatus[]) {
    assert.equal(statusOf(directory, record('wn-s0-01234567', { status })), status);
  }
});

test('runs are listed by start, oldest first, and nothing else that lies there', () => {
  const runs = fresh();
  add(runs, 'a', { started_at: '2026-03-01T00:00:00.000Z' });
  add(runs, 'b', { started_at: '2026-01-01T00:00:00.000Z' });
  add(runs, 'c', { started_at: '2026-02-01T00:00:00.000Z' });
  mkdirSync(join(runs, 'empty'));
  writeFileSync(join(runs, 'README.md'), '');
  assert.deepEqual(
    list(runs).map(({ directory, record: { run_id: id } }) => [directory, id]),
    ['b', 'c', 'a'].map((id) => [join(runs, id), id]),
  );
});

test('a folder of runs that is not there has none; a file in its place is an error', () => {
  assert.deepEqual(list(join(root, 'absent')), []);
  const file = join(root, 'file');
  writeFileSync(file, '');
  assert.throws(() => list(file), { name: 'UserError', code: 'E_IO' });
});

test('a run is found by its id, by the start of it, and by its folder', () => {
  const runs = fresh();
  const one = add(runs, 'wn-s0-01234567');
  const other = add(runs, 'base-s0-89abcdef', { status: 'failed' });
  assert.equal(findRun(runs, 'wn-s0-01234567').directory, one);
  assert.equal(findRun(runs, 'wn').directory, one);
  assert.equal(findRun(runs, 'base-s0-8').record.run_id, 'base-s0-89abcdef');
  for (const folder of [other, `${other}/`]) {
    const found = findRun(join(root, 'absent'), folder);
    assert.equal(found.record.run_id, 'base-s0-89abcdef');
    assert.equal(found.status, 'failed');
  }
});

test('a whole id is no start of a longer one', () => {
  const runs = fresh();
  add(runs, 'wn-s1-01234567');
  add(runs, 'wn-s1-01234567-copy');
  assert.equal(findRun(runs, 'wn-s1-01234567').record.run_id, 'wn-s1-01234567');
});

test('a name that means several runs, or none, is an error that says which', () => {
  const runs = fresh();
  for (const id of ['wn-s0-00000000', 'wn-s1-00000000', 'base-s0-00000000']) add(runs, id);
  assert.throws(
    () => findRun(runs, 'wn'),
    isRunError(/one run called wn in .+, found 2 runs \(wn-s\d-00000000, wn-s\d-00000000\)/),
  );
  assert.throws(() => findRun(runs, 'lstm'), isRunError(/one run called lstm in .+, found no run/));
  assert.throws(() => findRun(runs, 's0-00000000'), isRunError(/found no run/));
});

test('no name means the newest run, or the newest that is wanted', () => {
  const runs = fresh();
  add(runs, 'c', { started_at: '2026-02-01T00:00:00.000Z', status: 'interrupted' });
  add(runs, 'a', { started_at: '2026-03-01T00:00:00.000Z' });
  add(runs, 'b', { started_at: '2026-01-01T00:00:00.000Z', status: 'interrupted' });
  assert.equal(findRun(runs, undefined).record.run_id, 'a');
  const interrupted = findRun(runs, undefined, {
    kind: 'interrupted run',
    wanted: ({ status }) => status === 'interrupted',
  });
  assert.equal(interrupted.record.run_id, 'c');
  assert.throws(
    () => findRun(runs, undefined, { kind: 'unfinished run', wanted: () => false }),
    isRunError(/no unfinished run in/),
  );
  assert.throws(() => findRun(join(root, 'absent'), undefined), isRunError(/no run in/));
});

test('a record without checksums of its data is damaged', () => {
  for (const data of [undefined, null, 'x', {}, { checksums: null }]) {
    const directory = add(fresh(), 'x');
    writeFileSync(join(directory, 'run.json'), toJson({ ...record('x'), data }));
    assert.throws(() => readRecord(directory), isRunError(/run\.json: expected the SHA-256 checksums/));
  }
});
