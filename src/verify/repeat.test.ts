/** @file Laws of repeating a run from its record: equal runs, differences, refused runs, and the temporary folder. */

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import { UNFUSED } from '../engines/arithmetic.js';
import { loadModule } from '../engines/fused/wasm-module.js';
import { findRun } from '../runs/find.js';
import type { TrainingEvent } from '../train/events.js';
import {
  copy,
  type Damage,
  data,
  intact,
  remove,
  replace,
  replaceInSummary,
  trainTiny,
} from '../train/tiny-run.testing.js';
import { type Change, type Repetition, repeatRun } from './repeat.js';
import type { Comparison } from './reproduce.js';

const temporary = mkdtempSync(join(tmpdir(), 'wnlstm-repeat-'));
process.env.TMPDIR = temporary;
after(() => rmSync(temporary, { recursive: true }));
afterEach(() => assert.deepEqual(readdirSync(temporary), [], 'the temporary folder was not removed'));

async function repeat(
  run: string,
  change: Change = {},
  onEvent: (event: TrainingEvent) => void = () => {},
  signal = new AbortController().signal,
): Promise<Repetition> {
  return repeatRun(findRun('runs', run), change, { argv: [], signal }, onEvent);
}

async function comparisonOf(run: string, change: Change = {}): Promise<Comparison> {
  const repetition = await repeat(run, change);
  assert.equal(repetition.kind, 'compared');
  return repetition.comparison;
}

function damaged(...damages: readonly Damage[]): string {
  const run = copy();
  for (const damage of damages) damage(run);
  return run;
}

const unfused = loadModule().arithmetic === UNFUSED && 'this CPU has no fused multiply-add';

test('a repetition with another backend and more threads gives the same bytes', {
  skip: unfused,
}, async () => {
  const { differences, environment, compared, weights, isExact } = await comparisonOf(intact, {
    backend: 'auto',
    threads: 3,
  });
  assert.deepEqual([differences, isExact], [[], true]);
  assert.deepEqual(Object.values(compared), ['5 rows of 8 columns', '3 rows of 10 columns', '13 results']);
  assert.match(weights.repeated ?? '', /^[0-9a-f]{64}$/);
  assert.deepEqual(
    environment.find(([name]) => name === 'threads'),
    ['threads', '1', '3'],
  );
});

test('a run that was stopped and resumed gives the same bytes as an uninterrupted repetition', async () => {
  const stopped = await trainTiny({ seed: 5 }, (event) => event.kind === 'step' && event.row.step === 6);
  assert.equal(findRun('runs', stopped).status, 'interrupted');
  await assert.rejects(repeat(stopped), /Expected a run with a result, but .* is interrupted/);
  await trainTiny({ seed: 5 }, () => false, dirname(stopped));
  assert.deepEqual((await comparisonOf(stopped)).differences, []);
});

test('a run that diverged is compared up to the divergence, because the bits of a NaN are not specified', async () => {
  const wild = { lr: 1e39, optimizer: 'sgd', epochs: 2, logEvery: 1 };
  const diverged = await trainTiny(wild);
  assert.deepEqual((await comparisonOf(diverged)).differences, []);
  replace('steps.csv', /(\n2,1,)NaN/, '$1Infinity')(diverged);
  assert.deepEqual((await comparisonOf(diverged)).differences, []);
  replace('steps.csv', /(\n1,1,)[^,]*/, '$10.5')(diverged);
  const [first] = (await comparisonOf(diverged)).differences;
  assert.deepEqual(
    [first!.file, first!.step, first!.name, first!.recorded],
    ['steps.csv', '1', 'loss', '0.5'],
  );
  const validation = await trainTiny({ ...wild, batch: 55, logEvery: 4 });
  assert.deepEqual((await comparisonOf(validation)).differences, []);
});

test('the first difference of each CSV file is reported, ordered by step, before those of summary.json', async () => {
  const run = damaged(
    replace('steps.csv', /\n9,2,[^,]*/, '\n9,2,0.5'),
    replace('metrics.csv', /(\n1,5,.*?),[^,]*/, '$1,0.25'),
    replaceInSummary(/("weights_sha256": ")./, '$1x'),
  );
  const { differences } = await comparisonOf(run);
  assert.deepEqual(
    differences.map(({ file, step, name }) => [file, step, name]),
    [
      ['metrics.csv', '5', 'accuracy'],
      ['steps.csv', '9', 'loss'],
      ['summary.json', null, 'weights_sha256'],
    ],
  );
  assert.equal(differences[1]!.recorded, '0.5');
});

test('a row that is missing in the run or in its repetition is a difference at its step', async () => {
  const missing = async (damage: Damage) =>
    (await comparisonOf(damaged(damage))).differences.map(({ file, step, name, recorded, repeated }) => [
      file,
      step,
      name,
      recorded,
      repeated,
    ]);
  const last = ['metrics.csv', '15', 'step', null, '15'];
  assert.deepEqual(await missing(replace('metrics.csv', /3,15,[^\n]*\n/, '')), [last]);
  const middle = ['steps.csv', '6', 'step', null, '6'];
  assert.deepEqual(await missing(replace('steps.csv', /\n6,[^\n]*/, '')), [middle]);
  const more = ['steps.csv', '4', 'step', '4', null];
  assert.deepEqual(await missing(replace('steps.csv', '\n6,', '\n4,1,\n6,')), [more]);
});

test('a run that cannot be reproduced is refused before training starts', async () => {
  const refused: [Damage, RegExp][] = [
    [replace('run.json', /("arithmetic": ")[^"]*/, '$1other-1'), /computed with the arithmetic other-1/],
    [replace('run.json', '"format": 2', '"format": 1'), /computed with the arithmetic format-1-wasm-/],
    [
      replace('run.json', /("train-images-idx3-ubyte": ")./, '$1x'),
      /is not the file that the run was trained/,
    ],
    [replace('config.json', '"units": 4', '"units": 5'), /config\.json is not the config that the run/],
    [replace('config.json', '"seed": 0', '"seed": 1'), /config\.json is not the config that the run/],
    [replace('config.json', '"units": 4', '"units": "x"'), /config\.json: units: expected a whole number/],
    [remove('steps.csv'), /Could not read .*steps\.csv: no such file/],
    [remove('summary.json'), /has no summary\.json/],
  ];
  const fail = (): never => assert.fail('training started');
  for (const [damage, message] of refused) await assert.rejects(repeat(damaged(damage), {}, fail), message);
  await assert.rejects(repeat(intact, { backend: 'js' }, fail), /the js backend computes with js,/);
  renameSync(data, `${data}-away`);
  try {
    await assert.rejects(repeat(intact, {}, fail), /no such folder/);
  } finally {
    renameSync(`${data}-away`, data);
  }
});

test('a repetition that is stopped or fails compares nothing', async () => {
  const stop = new AbortController();
  const stopped = await repeat(intact, {}, ({ kind }) => kind === 'step' && stop.abort(130), stop.signal);
  assert.deepEqual(stopped, { kind: 'interrupted', step: 3 });
  const failed = await repeat(intact, {}, () => {
    throw new Error('broken');
  });
  assert.equal(failed.kind === 'failed' && String(failed.error), 'Error: broken');
});

test('a run of the js backend is compared without a guarantee of equal bytes', async () => {
  const { isExact, differences } = await comparisonOf(await trainTiny({ backend: 'js', steps: 2 }));
  assert.deepEqual([isExact, differences], [false, []]);
});
