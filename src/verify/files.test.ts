/** @file Laws of `verify`: damage to the record, config, summary or checkpoints of a run is found, with the name of the file. */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  copy,
  type Damage,
  edit,
  forgetSummaryHash,
  problemsOf,
  remove,
  replace,
  replaceInSummary,
  testDamages,
} from '../train/tiny-run.testing.js';

const last = 'checkpoints/step-000015';
const model = `${last}/model.safetensors`;
const optimizer = `${last}/optimizer.safetensors`;
const progress = `${last}/progress.json`;

function write(file: string, text: string): Damage {
  return (run) => writeFileSync(join(run, file), text);
}

/** Damages a run whose checkpoint has no checksums, as earlier versions wrote it. */
function inEarlierVersion(damage: Damage): Damage {
  return (run) => {
    edit(join(run, progress), (text) => {
      const { run_id, steps_csv, metrics_csv, model_sha256, optimizer_sha256, progress_sha256, ...old } =
        JSON.parse(text);
      return JSON.stringify(old, null, 2);
    });
    forgetSummaryHash(run);
    damage(run);
  };
}

/** Flips bits in one byte of an array in a safetensors file. */
function flip(file: string, name: string, byte: number, bits: number): Damage {
  return (run) => {
    const bytes = readFileSync(join(run, file));
    const start = 8 + Number(bytes.readBigUInt64LE());
    const header = JSON.parse(bytes.toString('utf8', 8, start)) as Record<string, { data_offsets: number[] }>;
    bytes[start + header[name]!.data_offsets[0]! + byte]! ^= bits;
    writeFileSync(join(run, file), bytes);
  };
}

testDamages([
  ['a changed config', 'config.json', replace('config.json', /("forgetBias": )1/, '$12'), /fingerprint/],
  ['a config that is not JSON', 'config.json', write('config.json', '{'), /^It is not JSON/],
  [
    'a config with a renamed key',
    'config.json',
    replace('config.json', '"units"', '"unit"'),
    /missing: units/,
  ],
  [
    'an unknown status',
    'run.json',
    replace('run.json', '"completed"', '"complete"'),
    /[sS]tatus: expected one of/,
  ],
  ['a record that is not JSON', 'run.json', write('run.json', '{'), /^It is not JSON/],
  [
    'a record without checksums',
    'run.json',
    replace('run.json', '"checksums"', '"sums"'),
    /xpected .*SHA-256/,
  ],
  [
    'a changed result',
    'summary.json',
    replaceInSummary(/("val_accuracy": )[^,]+/, '$10.99'),
    /val_accuracy is 0.99, expected .* as in metrics.csv/,
  ],
  [
    'a changed number of steps',
    'summary.json',
    replaceInSummary('"steps": 15', '"steps": 10'),
    /steps is 10, expected 15/,
  ],
  ['a changed best epoch', 'summary.json', replaceInSummary(/("best_epoch": )\d/, '$19'), /best_epoch is 9/],
  [
    'a changed time',
    'summary.json',
    replaceInSummary(/("seconds": )[\d.]+/, '$19'),
    /seconds is 9, expected/,
  ],
  [
    'a summary that is not an object',
    'summary.json',
    write('summary.json', 'null'),
    /Expected a JSON object, got null/,
  ],
  ['a weight with one bit changed', model, flip(model, 'lstm/b', 0, 1), /^Expected the SHA-256/],
  [
    'an optimizer moment with one bit changed',
    optimizer,
    flip(optimizer, 'adam/m/lstm/b', 0, 1),
    /^Expected the SHA-256/,
  ],
  [
    'a weight with one bit changed in a run of an earlier version',
    'summary.json',
    inEarlierVersion(flip(model, 'lstm/b', 0, 1)),
    /weights_sha256 is/,
  ],
  [
    'a negative mean of squares',
    optimizer,
    inEarlierVersion(flip(optimizer, 'adam/v/lstm/b', 3, 128)),
    /holds negative numbers/,
  ],
  [
    'a changed step in the optimizer',
    optimizer,
    inEarlierVersion(flip(optimizer, 'step', 0, 1)),
    /Expected step 15, got 14/,
  ],
  [
    'a truncated checkpoint',
    optimizer,
    (run) => edit(join(run, optimizer), (text) => text.slice(0, 99)),
    /^Expected/,
  ],
  [
    'a header with one byte changed',
    model,
    replace(model, '{', 'z'),
    /^Expected a safetensors header in JSON/,
  ],
  ['progress that is not an object', progress, write(progress, '[]'), /Expected the progress of step 15/],
  [
    'progress with a changed best epoch',
    progress,
    inEarlierVersion(replace(progress, /("valLoss": )[\d.]+/, '$10.5')),
    /valLoss is 0.5/,
  ],
  [
    'progress with a changed sum',
    progress,
    replace(progress, /("stepSeconds": )/, '$11'),
    /^Expected the SHA-256 \w+…, which the file records for itself/,
  ],
  ...['run.json', 'config.json', 'steps.csv', 'metrics.csv', 'summary.json', model, optimizer, progress].map(
    (file) => ['a missing file', file, remove(file), /^It is missing\.$/] as const,
  ),
]);

test('a renamed array is reported as one missing and one unknown array', () => {
  const run = copy();
  inEarlierVersion(replace(optimizer, 'adam/m/pred/b', 'adam/m/pred/c'))(run);
  assert.deepEqual(problemsOf(run), [
    [optimizer, 'adam/m/pred/b is missing.'],
    [optimizer, 'adam/m/pred/c is not an array of this run.'],
  ]);
});

test('a changed seed is found because the run id and the summary differ from it', () => {
  const run = copy();
  replace('config.json', '"seed": 0', '"seed": 1')(run);
  const [[file, message], other] = problemsOf(run) as [[string, string], [string, string]];
  assert.match(
    `${file}: ${message}`,
    /^run\.json: run_id is wn-s0-\w{8}, expected wn-s1-\w{8} from config\.json/,
  );
  assert.deepEqual(other, ['summary.json', 'seed is 0, expected 1 as in config.json.']);
});

test('missing checkpoints are found', () => {
  const run = copy();
  remove(last)(run);
  assert.ok(
    problemsOf(run).some(([, message]) => /steps is 15, expected 10 as in the last checkpoint/.test(message)),
  );
  remove('checkpoints')(run);
  assert.deepEqual(problemsOf(run), [['checkpoints', 'There is no checkpoint.']]);
  write('checkpoints', '')(run);
  assert.match(problemsOf(run)[0]!.join(), /^checkpoints,Could not list checkpoints: a part of the path/);
});
