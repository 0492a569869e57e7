/** @file Laws of checkpoints: they are read exactly as written, old ones are deleted, and damage is an error. */

import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { UserError } from '../errors.js';
import { type Checkpoint, listCheckpoints, readCheckpoint, writeCheckpoint } from './checkpoint.js';
import { readSafetensors } from './safetensors.js';

const root = mkdtempSync(join(tmpdir(), 'wnlstm-'));
after(() => rmSync(root, { recursive: true }));

function fresh(): string {
  return join(mkdtempSync(join(root, 'run-')), 'checkpoints');
}

/** A checkpoint at a step; its numbers depend on the step. */
function checkpointAt(step: number, bestStep: number | null = null): Checkpoint {
  return {
    progress: {
      step,
      row: {
        count: 3,
        loss: 0.1 + step,
        accuracy: 1 / 3,
        gradNorm: 1e-7,
        gradNormClipped: 5e-324,
        clipFraction: 0,
      },
      epoch: { count: step, loss: 2 / 3, accuracy: 2.5, gradNorm: 4, gradNormClipped: 4, clipFraction: 0.5 },
      best: bestStep === null ? null : { epoch: 1, step: bestStep, valLoss: 0.25, valAccuracy: 0.97 },
      diverged: false,
      elapsedSeconds: 12.5,
      stepSeconds: 10.25,
      epochSeconds: 0.1,
    },
    state: new Map([
      ['lstm/w_x', { shape: [1, 2], data: Float32Array.of(step, -step) }],
      ['pred/b', { shape: [2], data: Float32Array.of(0.1, 0.2) }],
      ['adam/m/lstm/w_x', { shape: [1, 2], data: Float32Array.of(1e-20, 2) }],
      ['sums', { shape: [2], data: Float64Array.of(0.1, step / 7) }],
      ['step', { shape: [], data: Int32Array.of(step) }],
    ]),
  };
}

function names(directory: string): string[] {
  return readdirSync(directory).sort();
}

function assertDamaged(directory: string, step: number, label: string): void {
  assert.throws(
    () => readCheckpoint(directory, step),
    (error) => {
      assert.ok(error instanceof UserError, `${label}: ${error}`);
      assert.equal(error.code, 'E_CHECKPOINT', label);
      assert.ok(error.message.includes(directory), error.message);
      assert.ok(error.hint);
      return true;
    },
    label,
  );
}

test('a checkpoint is read exactly as it was written', () => {
  const directory = fresh();
  const checkpoint = checkpointAt(859, 859);
  writeCheckpoint(directory, checkpoint);
  const read = readCheckpoint(directory, 859);
  assert.deepEqual(read.progress, checkpoint.progress);
  assert.deepEqual(new Map([...read.state].sort()), new Map([...checkpoint.state].sort()));
});

test('a state without optimizer arrays is read exactly as it was written', () => {
  const directory = fresh();
  const { progress, state } = checkpointAt(1);
  const parameters = new Map([...state].slice(0, 2));
  writeCheckpoint(directory, { progress, state: parameters });
  assert.deepEqual(readCheckpoint(directory, 1).state, parameters);
});

test('a checkpoint is a folder of three files, one of which contains only the model', () => {
  const directory = fresh();
  writeCheckpoint(directory, checkpointAt(859));
  assert.deepEqual(names(directory), ['step-000859']);
  const folder = join(directory, 'step-000859');
  assert.deepEqual(names(folder), ['model.safetensors', 'optimizer.safetensors', 'progress.json']);
  assert.deepEqual([...readSafetensors(join(folder, 'model.safetensors')).keys()], ['lstm/w_x', 'pred/b']);
});

test('only the last two checkpoints and the best one are kept', () => {
  const directory = fresh();
  const kept: number[][] = [];
  for (const [step, best] of [
    [10, null],
    [20, 20],
    [30, 20],
    [40, 20],
    [50, 20],
    [60, 60],
    [70, 60],
    [80, 60],
  ] as const) {
    writeCheckpoint(directory, checkpointAt(step, best));
    kept.push(listCheckpoints(directory));
  }
  assert.deepEqual(kept, [
    [10],
    [10, 20],
    [20, 30],
    [20, 30, 40],
    [20, 40, 50],
    [50, 60],
    [60, 70],
    [60, 70, 80],
  ]);
  assert.equal(readCheckpoint(directory, 60).progress.step, 60);
});

test('checkpoints are listed in the order of their steps, even if a step has more than six digits', () => {
  const directory = fresh();
  for (const step of [999_999, 1_000_000]) writeCheckpoint(directory, checkpointAt(step));
  assert.deepEqual(listCheckpoints(directory), [999_999, 1_000_000]);
  writeCheckpoint(directory, checkpointAt(1_000_001));
  assert.deepEqual(listCheckpoints(directory), [1_000_000, 1_000_001]);
  assert.equal(readCheckpoint(directory, 1_000_001).progress.step, 1_000_001);
});

test('saving a step again keeps an intact checkpoint and replaces a damaged one', () => {
  const directory = fresh();
  writeCheckpoint(directory, checkpointAt(10));
  const { progress, state } = checkpointAt(10);
  const again = { progress: { ...progress, elapsedSeconds: 99 }, state };
  writeCheckpoint(directory, again);
  assert.deepEqual(listCheckpoints(directory), [10]);
  assert.equal(readCheckpoint(directory, 10).progress.elapsedSeconds, progress.elapsedSeconds);
  const path = join(directory, 'step-000010/model.safetensors');
  writeFileSync(path, readFileSync(path).subarray(1));
  writeCheckpoint(directory, again);
  assert.equal(readCheckpoint(directory, 10).progress.elapsedSeconds, 99);
});

test('a checkpoint with one changed bit in either safetensors file is damaged', () => {
  for (const file of ['model.safetensors', 'optimizer.safetensors']) {
    const directory = fresh();
    writeCheckpoint(directory, checkpointAt(10));
    const path = join(directory, 'step-000010', file);
    const bytes = readFileSync(path);
    bytes[bytes.length - 2]! ^= 1;
    writeFileSync(path, bytes);
    assertDamaged(directory, 10, file);
  }
});

test('an unfinished folder is not a checkpoint, and the next checkpoint removes it', () => {
  const directory = fresh();
  writeCheckpoint(directory, checkpointAt(10));
  const unfinished = join(directory, 'step-000020.0123abcd.tmp');
  mkdirSync(unfinished);
  writeFileSync(join(unfinished, 'model.safetensors'), 'incomplete');
  writeFileSync(join(unfinished, 'leftover'), '');
  assert.deepEqual(listCheckpoints(directory), [10]);
  writeCheckpoint(directory, checkpointAt(20));
  assert.deepEqual(names(directory), ['step-000010', 'step-000020']);
  assert.deepEqual(names(join(directory, 'step-000020')).length, 3);
});

test('other files and folders beside the checkpoints are ignored and kept', () => {
  const directory = fresh();
  mkdirSync(join(directory, 'step-000005-backup'), { recursive: true });
  writeFileSync(join(directory, 'notes'), '');
  for (const step of [10, 20, 30]) writeCheckpoint(directory, checkpointAt(step));
  assert.deepEqual(names(directory), ['notes', 'step-000005-backup', 'step-000020', 'step-000030']);
});

test('a folder that does not exist contains no checkpoint', () => {
  assert.deepEqual(listCheckpoints(fresh()), []);
});

test('progress.json is damaged if it is truncated at any byte', () => {
  const directory = fresh();
  writeCheckpoint(directory, checkpointAt(10));
  const path = join(directory, 'step-000010/progress.json');
  const text = readFileSync(path, 'utf8').trimEnd();
  for (let length = 0; length < text.length; length += 7) {
    writeFileSync(path, text.slice(0, length));
    assertDamaged(directory, 10, `${length} bytes`);
  }
});

test('progress.json is damaged if it is JSON but not the progress of this step', () => {
  const directory = fresh();
  writeCheckpoint(directory, checkpointAt(10));
  const path = join(directory, 'step-000010/progress.json');
  const { progress } = checkpointAt(10);
  const wrong = [
    { row: undefined },
    { row: {} },
    { step: 11 },
    { best: { step: '../../x' } },
    { diverged: 0 },
    { epochSeconds: null },
    { model_sha256: 'x' },
  ];
  for (const other of [null, 5, [], {}, ...wrong.map((change) => ({ ...progress, ...change }))]) {
    const text = JSON.stringify(other);
    writeFileSync(path, text);
    assertDamaged(directory, 10, text);
  }
});

test('a checkpoint is damaged if one of its files is missing or truncated', () => {
  for (const file of ['model.safetensors', 'optimizer.safetensors', 'progress.json']) {
    const directory = fresh();
    writeCheckpoint(directory, checkpointAt(10));
    const path = join(directory, 'step-000010', file);
    writeFileSync(path, readFileSync(path).subarray(0, -3));
    assertDamaged(directory, 10, `${file} truncated`);
    rmSync(path);
    assertDamaged(directory, 10, `${file} missing`);
  }
  assertDamaged(fresh(), 10, 'no folder');
});

test('a checkpoint that cannot be written is an E_IO error, and existing files do not change', () => {
  const directory = fresh();
  writeFileSync(directory, 'a file');
  assert.throws(() => writeCheckpoint(directory, checkpointAt(10)), { name: 'UserError', code: 'E_IO' });
  assert.equal(readFileSync(directory, 'utf8'), 'a file');
});

test('a checkpoint records its run and the state of the CSV files, and cannot be read as one of another run', () => {
  const directory = fresh();
  const csv = { bytes: 7, sha256: 'a'.repeat(64) };
  const origin = { run_id: 'wn-s0', steps_csv: csv, metrics_csv: { ...csv, bytes: 0 } };
  writeCheckpoint(directory, checkpointAt(10), origin);
  assert.deepEqual(readCheckpoint(directory, 10, 'wn-s0'), { ...checkpointAt(10), origin });
  assert.throws(() => readCheckpoint(directory, 10, 'wn-s1'), {
    code: 'E_CHECKPOINT',
    message: /expected a checkpoint of wn-s1, got one of wn-s0/,
  });
  writeCheckpoint(directory, checkpointAt(10), { ...origin, run_id: 'wn-s1' });
  assert.equal(
    readCheckpoint(directory, 10, 'wn-s1').origin?.run_id,
    'wn-s1',
    'the checkpoint of the other run is replaced',
  );
});

test('progress.json is damaged if one letter of a key is changed', () => {
  const directory = fresh();
  writeCheckpoint(directory, checkpointAt(10));
  const path = join(directory, 'step-000010/progress.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace('progress_sha256', 'qrogress_sha256'));
  assertDamaged(directory, 10, 'another key');
});

test('a symbolic link in place of the checkpoints folder is refused, and the files in its target are kept', () => {
  const directory = fresh();
  const elsewhere = mkdtempSync(join(root, 'elsewhere-'));
  mkdirSync(join(elsewhere, 'thesis.12345678.tmp'));
  symlinkSync(elsewhere, directory);
  assert.throws(() => writeCheckpoint(directory, checkpointAt(10)), { code: 'E_IO', message: /got a link/ });
  assert.deepEqual(names(elsewhere), ['thesis.12345678.tmp']);
});

test('a failed write keeps the older checkpoints and leaves no temporary folder', () => {
  const directory = fresh();
  writeCheckpoint(directory, checkpointAt(10));
  const { progress, state } = checkpointAt(20);
  const broken = {
    ...progress,
    get best(): never {
      throw new Error('late'); // both arrays are written before progress.json
    },
  };
  assert.throws(() => writeCheckpoint(directory, { progress: broken, state }), {
    code: 'E_IO',
    message: /late/,
  });
  assert.deepEqual(names(directory), ['step-000010']);
  assert.equal(readCheckpoint(directory, 10).progress.step, 10);
});
