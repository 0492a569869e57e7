/** @file Laws of `verify` for each way in which a run can end, and for runs that are still training. */

import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { sha256 } from '../data/mnist.js';
import { acquireLock } from '../runs/lock.js';
import {
  copy,
  data,
  edit,
  intact,
  problemsOf,
  remove,
  replace,
  replaceInSummary,
  trainTiny,
} from '../train/tiny-run.testing.js';
import { verifyRun } from './verify.js';

const LAST = 'checkpoints/step-000015';

/** A run that was stopped in its third epoch, after step 12. */
const interrupted = await trainTiny({}, (event) => event.kind === 'step' && event.row.step === 12);

const wild = { lr: 1e39, optimizer: 'sgd', epochs: 2, logEvery: 4 };

/** Every file below a folder, with the hash of its contents and its modification time. */
function contentsOf(directory: string): [string, string, number][] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => [path, sha256(readFileSync(path)), statSync(path).mtimeMs]);
}

test('an unchanged run has no problem, and verifying it changes no file', () => {
  const before = contentsOf(intact);
  const { problems, status, steps, weightsSha256, hashRecorded } = verifyRun(intact);
  assert.deepEqual(problems, []);
  assert.deepEqual([status, steps, hashRecorded], ['completed', 15, true]);
  assert.match(weightsSha256 ?? '', /^[0-9a-f]{64}$/);
  assert.deepEqual(contentsOf(intact), before);
});

test('a run can be verified without its data set', () => {
  const away = mkdtempSync(join(tmpdir(), 'wnlstm-away-'));
  cpSync(data, away, { recursive: true });
  rmSync(data, { recursive: true });
  try {
    assert.deepEqual(verifyRun(intact).problems, []);
  } finally {
    cpSync(away, data, { recursive: true });
    rmSync(away, { recursive: true });
  }
});

test('a run that was stopped is verified up to its last step', async () => {
  const { status, steps, problems } = verifyRun(interrupted);
  assert.deepEqual([status, steps, problems], ['interrupted', 12, []]);
  assert.deepEqual(verifyRun(await trainTiny({}, () => true)).problems, []);
  const run = copy(interrupted);
  replace('steps.csv', /12,3,[^\n]*\n/, '')(run);
  assert.deepEqual(problemsOf(run), [['steps.csv:4', 'The last row has step 9, expected 12.']]);
});

test('in a run that was killed, an incomplete last line and rows after the last checkpoint are not a problem', () => {
  const run = copy();
  replace('run.json', '"completed"', '"running"')(run);
  remove('summary.json')(run);
  remove(LAST)(run);
  edit(join(run, 'metrics.csv'), (text) => text.slice(0, -9));
  assert.deepEqual(verifyRun(run).problems, []);
  assert.equal(verifyRun(run).status, 'stale');
  replace('steps.csv', /\n6,[^\n]*/, '')(run);
  assert.deepEqual(problemsOf(run), [['steps.csv:3', 'Expected step 6, got 9.']]);
});

test('a checkpoint that a running process deletes is not a problem', async () => {
  const run = copy();
  replace('run.json', '"completed"', '"running"')(run);
  remove(`${LAST}/model.safetensors`)(run);
  const lock = await acquireLock(run);
  try {
    assert.deepEqual(verifyRun(run).problems, []);
  } finally {
    lock.release();
  }
  assert.deepEqual(problemsOf(run), [[`${LAST}/model.safetensors`, 'It is missing.']]);
});

test('a run that has just started and has only its record and config has no problem', () => {
  const run = copy();
  replace('run.json', '"completed"', '"running"')(run);
  for (const file of ['steps.csv', 'metrics.csv', 'summary.json', 'checkpoints']) remove(file)(run);
  assert.deepEqual(verifyRun(run).problems, []);
});

test('a run whose loss diverged has no problem and no hash, and a removed row is found in it', async () => {
  const diverged = await trainTiny({ ...wild, logEvery: 1 });
  const { problems, status, weightsSha256 } = verifyRun(diverged);
  assert.deepEqual([problems, status, weightsSha256], [[], 'diverged', null]);
  replace('steps.csv', /\n2,1,[^\n]*/, '')(diverged);
  assert.deepEqual(problemsOf(diverged)[0], ['steps.csv:2', 'The last row has step 1, expected 2.']);
});

test('a run whose loss diverged in the last step of an epoch has no problem', async () => {
  const run = await trainTiny({ model: 'base', optimizer: 'sgd', lr: 1.5e38, batch: 27, logEvery: 4 });
  assert.deepEqual(problemsOf(run), []);
  assert.match(readFileSync(join(run, 'steps.csv'), 'utf8'), /\n4,2,(NaN|Infinity),/);
  assert.match(readFileSync(join(run, 'metrics.csv'), 'utf8'), /\n1,2,[^\n]*\n$/);
});

test('a run whose validation loss diverged between two rows of steps.csv has no problem', async () => {
  const diverged = await trainTiny({ ...wild, batch: 55 });
  const { problems, status } = verifyRun(diverged);
  assert.deepEqual([problems, status], [[], 'diverged']);
  assert.match(readFileSync(join(diverged, 'metrics.csv'), 'utf8'), /NaN/);
});

test('a run that ends within its first epoch or a later one has no problem', async () => {
  assert.deepEqual(verifyRun(await trainTiny({ steps: 4 })).problems, []);
  assert.deepEqual(verifyRun(await trainTiny({ steps: 13, optimizer: 'sgd', model: 'base' })).problems, []);
});

test('if the last epoch is the best one, different test results of the two are a problem', async () => {
  const run = await trainTiny({ epochs: 1 });
  replaceInSummary(/("best_test_loss": )[\d.]+/, '$11.5')(run);
  assert.match(problemsOf(run).join(), /^summary.json,best_test_loss is 1.5, expected .* as in test_loss/);
});
