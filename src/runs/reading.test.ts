/** @file Laws of reading the JSON files of a run, intact and damaged. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { toJson } from '../files.js';
import { listRuns } from './find.js';
import { acquireLock } from './lock.js';
import {
  type FoundRun,
  readConfig,
  readRecord,
  readResult,
  readRun,
  readSummary,
  statusOf,
} from './reading.js';
import { type StoredStatus, writeRecord } from './record.js';
import { add, defaults, fresh, isRunError, record, root, storedSummary } from './run.testing.js';

/** All runs; a damaged one is an error. */
function list(runs: string): FoundRun[] {
  return listRuns(runs, (error) => {
    throw error;
  });
}

test('a record is read exactly as it was written, and replacing it leaves no temporary file', () => {
  const directory = add(fresh(), 'wn-s0-01234567', { status: 'running' });
  const completed = record('wn-s0-01234567', { error: 'ä "quoted"' });
  writeRecord(directory, completed);
  assert.deepEqual(readRecord(directory), completed);
  assert.deepEqual(readdirSync(directory).sort(), ['config.json', 'run.json']);
});

test('a folder without run.json has no record', () => {
  assert.equal(readRecord(fresh()), null);
  assert.equal(readRecord(join(root, 'absent')), null);
});

test('a record of format 1 is read, and its arithmetic contains its backend and kernel', () => {
  const { arithmetic: _, ...before } = record('x');
  const directory = add(fresh(), 'x');
  writeFileSync(join(directory, 'run.json'), toJson({ ...before, format: 1 }));
  assert.deepEqual(readRecord(directory), { ...before, format: 1, arithmetic: 'format-1-wasm-k' });
});

test('a record of an unknown format is an error', () => {
  for (const format of [0, 3, '2', null, undefined]) {
    const directory = fresh();
    writeFileSync(join(directory, 'run.json'), toJson({ ...record('x'), format }));
    assert.throws(
      () => readRecord(directory),
      isRunError(/run\.json: (expected format 2, got |the format is missing)/),
      `${format}`,
    );
  }
});

test('a truncated run.json is an error that names its path, whatever its length', () => {
  const runs = fresh();
  const directory = join(runs, 'wn-s0-01234567');
  mkdirSync(directory);
  const text = toJson(record('wn-s0-01234567')).trimEnd();
  for (let length = 0; length < text.length; length += 11) {
    writeFileSync(join(directory, 'run.json'), text.slice(0, length));
    assert.throws(
      () => readRecord(directory),
      isRunError(/wn-s0-01234567.run\.json: it is (empty|not JSON \()/),
    );
  }
  assert.throws(() => list(runs), isRunError(/wn-s0-01234567.run\.json/));
});

test('a run.json that is JSON but not a record is an error', () => {
  const directory = fresh();
  for (const text of ['{}', '[]', '5', '"completed"', 'null']) {
    writeFileSync(join(directory, 'run.json'), text);
    assert.throws(() => readRecord(directory), isRunError(/run\.json/), text);
  }
});

test('config.json and summary.json are read, a missing summary is null, and truncated files are errors', () => {
  const directory = fresh();
  assert.equal(readSummary(directory, record('x')), null);
  assert.throws(() => readConfig(directory), isRunError(/config\.json/));
  writeFileSync(join(directory, 'config.json'), toJson(defaults));
  writeFileSync(join(directory, 'summary.json'), toJson(storedSummary('x')));
  assert.deepEqual(readConfig(directory), defaults);
  assert.deepEqual(readSummary(directory, record('x')), { ...storedSummary('x'), dir: directory });
  for (const name of ['config.json', 'summary.json']) writeFileSync(join(directory, name), '{ "units":');
  assert.throws(() => readConfig(directory), isRunError(/config\.json: it is not JSON/));
  assert.throws(() => readSummary(directory, record('x')), isRunError(/summary\.json: it is not JSON/));
});

test('a run that is recorded as running is stale without an owner, and any other status does not depend on the owner', async () => {
  const runs = fresh();
  const directory = add(runs, 'wn-s0-01234567', { status: 'running' });
  const running = record('wn-s0-01234567', { status: 'running' });
  assert.equal(statusOf(directory, running), 'stale');
  const lock = await acquireLock(directory);
  assert.equal(statusOf(directory, running), 'running');
  assert.equal(list(runs)[0]!.status, 'running');
  lock.release();
  assert.equal(list(runs)[0]!.status, 'stale');
  writeFileSync(
    join(directory, 'lock'),
    JSON.stringify({ host: hostname(), pid: process.pid, started: 'x' }),
  );
  assert.equal(statusOf(directory, running), 'stale', 'the owner was an earlier process with this pid');
  for (const status of ['completed', 'interrupted', 'failed', 'diverged'] as StoredStatus[]) {
    assert.equal(statusOf(directory, record('wn-s0-01234567', { status })), status);
  }
});

test('a record without checksums of its data is damaged', () => {
  for (const data of [undefined, null, 'x', {}, { checksums: null }, { checksums: {}, classes: 10 }]) {
    const directory = add(fresh(), 'x');
    writeFileSync(join(directory, 'run.json'), toJson({ ...record('x'), data }));
    assert.throws(() => readRecord(directory), isRunError(/run\.json: data: expected SHA-256 checksums/));
  }
});

/** Kinds of damage: the name, the damage, and the expected message after the file name. */
const damages: [string, (path: string) => void, RegExp][] = [
  ['missing', (path) => rmSync(path), / is missing\.$/],
  ['empty', (path) => writeFileSync(path, ''), /: it is empty\.$/],
  ['torn', (path) => writeFileSync(path, '{"format": 2, "stat'), /: it is not JSON \(/],
  ['null', (path) => writeFileSync(path, 'null'), /: expected a JSON object, got null\.$/],
  ['a list', (path) => writeFileSync(path, '[]'), /: expected a JSON object, got \[\]\.$/],
  ['from another program', (path) => writeFileSync(path, '{"a": 1}'), /: .+\.$/],
];

for (const [how, damage, message] of damages) {
  test(`the error for a file that is ${how} names the file and how to repair it`, () => {
    for (const file of ['run.json', 'config.json', 'summary.json']) {
      const directory = add(fresh(), 'x');
      writeFileSync(join(directory, 'steps.csv'), '');
      damage(join(directory, file));
      const named = new RegExp(`${file}${message.source}`);
      if (file !== 'summary.json') {
        assert.throws(() => readRun(directory), isRunError(named));
        continue;
      }
      const run = readRun(directory);
      assert.equal(run?.summary, null);
      const [error] = run?.damage ?? [];
      assert.ok(isRunError(named)(error));
      assert.match(error!.hint ?? '', /wnlstm resume/);
    }
  });
}

test('a summary is damaged if it belongs to another run or was changed after the run ended', () => {
  const directory = add(fresh(), 'x');
  const text = readFileSync(join(directory, 'summary.json'), 'utf8');
  const hashed = record('x', { summary_sha256: createHash('sha256').update(text).digest('hex') });
  assert.ok(readSummary(directory, hashed));
  writeFileSync(
    join(directory, 'summary.json'),
    text.replace('"test_accuracy": 0.92', '"test_accuracy": 0.99'),
  );
  assert.throws(() => readSummary(directory, hashed), isRunError(/summary\.json: it was changed/));
  writeFileSync(join(directory, 'summary.json'), toJson(storedSummary('y')));
  assert.throws(() => readSummary(directory, record('x')), isRunError(/the summary of x, got that of y/));
});

test('a copy of another run in the folder of a run is not a result of this run', () => {
  const directory = add(fresh(), 'x');
  assert.equal(readResult(directory, 'x')?.run_id, 'x');
  assert.equal(readResult(directory, 'y'), null);
});

test('control characters make the texts of a record damaged, and are escaped in its error message', () => {
  const directory = add(fresh(), 'x', { error: 'no \u001b[8m space' });
  assert.equal(readRecord(directory)?.error, 'no \\u001b[8m space');
  for (const host of ['a\u001b[8m', 'a\nb', 'a\u202eb']) {
    writeRecord(directory, record('x', { host }));
    assert.throws(() => readRecord(directory), isRunError(/host: expected a string/));
  }
});

test('a JSON file that is too large is an error before it is read', () => {
  const directory = add(fresh(), 'x');
  truncateSync(join(directory, 'run.json'), 2 ** 31);
  assert.throws(() => readRecord(directory), isRunError(/run\.json: it has 2,147,483,648 bytes, more than/));
});

test('the folder in a summary is the one that it was read from, not the one that it was written to', () => {
  const directory = add(fresh(), 'x');
  assert.equal(readSummary(directory, record('x'))?.dir, directory);
});
