/** @file `wnlstm eval` gives the recorded loss and accuracy to the last bit, says which weights it uses, and loses no file. */

import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { writeTinyDataset } from '../data/idx.testing.js';
import {
  assertRefused,
  data,
  freshFolder,
  onlyRun,
  scratch,
  train,
  wnlstm,
} from '../end-to-end/cli.testing.js';
import type { Summary } from '../runs/record.js';

/** Trains a run on the small data set. Returns its folder. */
function trained(...more: string[]): string {
  const runs = freshFolder();
  const { code, err } = train(runs, '--epochs', '4', ...more);
  assert.ok(code === 0 || code === 4, err);
  return onlyRun(runs);
}

function summaryOf(run: string): Summary {
  return JSON.parse(readFileSync(join(run, 'summary.json'), 'utf8'));
}

function evaluated(run: string, ...more: string[]) {
  const { code, out, err } = wnlstm('eval', run, '--json', ...more);
  assert.equal(code, 0, err);
  return { ...JSON.parse(out), err };
}

const run = trained();
const summary = summaryOf(run);

test('loss and accuracy are those of summary.json, to the last bit, and so is the accuracy of the matrix', () => {
  for (const model of ['wn', 'base'] as const) {
    const each = model === 'wn' ? run : trained('--model', 'base', '--lr', '0.05', '--batch', '7');
    const recorded = summaryOf(each);
    const onTest = evaluated(each);
    assert.deepEqual([onTest.loss, onTest.accuracy], [recorded.test_loss, recorded.test_accuracy]);
    assert.equal(onTest.as_recorded, true);
    const validation = evaluated(each, '--split', 'validation');
    assert.deepEqual([validation.loss, validation.accuracy], [recorded.val_loss, recorded.val_accuracy]);
    for (const { confusion, count, correct, accuracy, classes } of [onTest, validation]) {
      const right = confusion.map((row: number[], label: number) => row[label]!);
      const sum = (numbers: number[]): number => numbers.reduce((a, b) => a + b, 0);
      assert.deepEqual([sum(confusion.flat()), sum(right)], [count, correct]);
      assert.equal(correct / count, accuracy);
      assert.equal(sum(classes.map(({ count: each }: { count: number }) => each)), count);
    }
  }
});

test('the best weights have the recorded results of the best epoch, and any kept checkpoint can be used', () => {
  const best = evaluated(run, '--checkpoint', 'best');
  assert.deepEqual([best.loss, best.accuracy], [summary.best_test_loss, summary.best_test_accuracy]);
  assert.equal(best.best, true);
  const steps = readdirSync(join(run, 'checkpoints')).map((name) => Number(name.slice(5)));
  for (const step of steps) {
    const each = evaluated(run, '--checkpoint', String(step));
    assert.deepEqual([each.step, each.best, each.final], [step, step === best.step, step === summary.steps]);
    assert.notEqual(each.as_recorded, false);
  }
  assertRefused(
    wnlstm('eval', run, '--checkpoint', '1'),
    /expected a checkpoint of step 1; there are checkpoints of steps .*52\./,
  );
  assertRefused(wnlstm('eval', run, '--checkpoint', 'first'), /Expected last, best or a step, got first/);
});

test('the training split has no recorded result', () => {
  const { as_recorded, split, count } = evaluated(run, '--split', 'train');
  assert.deepEqual([as_recorded, split, count], [null, 'train', 220]);
});

test('the text has the scores, the matrix, the classes and the mistakes', () => {
  const { out, code } = wnlstm('eval', run, '--checkpoint', '26', '--mistakes', '2');
  assert.equal(code, 0);
  assert.match(out, /^wn-s0-[0-9a-f]{8} weights at step 26/);
  assert.match(out, /accuracy \d+\.\d\d % \[\d+\.\d\d, \d+\.\d\d\], \d+ mistakes?\n/);
  assert.match(out, /\ntrue {2}predicted\n {7}0 {2}1 {2}2 {2}3\n/);
  assert.match(out, /\nclass +count +predicted +precision % +recall %\n0 /);
  assert.match(
    out,
    /\nthe 2 most confident of \d+ mistakes\n.*\ntrue \d, predicted \d {3}true \d, predicted \d\n/s,
  );
  assert.ok(out.split('\n').every((line) => line.length <= 80));
});

test('an unfinished run is evaluated with its last checkpoint, and a note says so', () => {
  const copy = join(freshFolder(), basename(run));
  cpSync(run, copy, { recursive: true });
  rmSync(join(copy, 'summary.json'));
  writeFileSync(
    join(copy, 'run.json'),
    readFileSync(join(copy, 'run.json'), 'utf8')
      .replace('"completed"', '"interrupted"')
      .replace(/,\s*"summary_sha256": "\w+"/, ''),
  );
  const { err, final, as_recorded, loss } = evaluated(copy);
  assert.match(
    err,
    /note The run is interrupted; these are the weights of its last checkpoint, at step 52 of 52/,
  );
  assert.deepEqual([final, as_recorded, loss], [false, null, summary.test_loss]);
  rmSync(join(copy, 'checkpoints'), { recursive: true });
  assertRefused(wnlstm('eval', copy), /expected a checkpoint, found none/);
});

test('a run that diverged is evaluated with a note, and refused if its weights are not finite', () => {
  const flags = ['--lr', '1e38', '--optimizer', 'sgd', '--model', 'base'];
  const early = trained(...flags);
  assert.equal(summaryOf(early).status, 'diverged');
  const { err, loss, as_recorded } = evaluated(early);
  assert.match(err, /note The loss of the run became infinite or NaN before step 3/);
  assert.deepEqual([loss, as_recorded], [null, null]);
  // With rare rows the divergence is noticed late, when the weights are NaN.
  const late = trained(...flags, '--log-every', '1000');
  assertRefused(
    wnlstm('eval', late),
    /expected finite weights at step 13, got infinite or NaN values in lstm/,
  );
});

test('other data are evaluated if image size and classes agree', () => {
  const other = writeTinyDataset(join(scratch, 'other'), { size: 8, train: 120, test: 44, classes: 4 });
  const { count, same_data, as_recorded, data: used, err } = evaluated(run, '--data', other);
  assert.deepEqual([count, same_data, as_recorded, used], [44, false, null, other]);
  assert.equal(err, '');
  assert.equal(evaluated(run, '--data', data).same_data, true);
  const larger = writeTinyDataset(join(scratch, 'larger'), { size: 9 });
  assertRefused(
    wnlstm('eval', run, '--data', larger),
    /larger: expected images of 8 x 8 pixels as in wn-s0-[0-9a-f]{8}, got 9 x 9/,
  );
  const fewer = writeTinyDataset(join(scratch, 'fewer'), { classes: 3 });
  assertRefused(wnlstm('eval', run, '--data', fewer), /fewer: expected 4 classes as in .*, got 3/);
  assertRefused(wnlstm('eval', run, '--data', join(scratch, 'absent')), /there is no such folder/);
});

test('data that changed since training are evaluated with a note', () => {
  const moved = join(scratch, 'changing');
  cpSync(data, moved, { recursive: true });
  const runs = freshFolder();
  assert.equal(train(runs, '--epochs', '1', '--data', moved).code, 0);
  writeTinyDataset(moved, { test: 24 });
  const { err, same_data, as_recorded } = evaluated(onlyRun(runs));
  assert.match(err, /note The data have changed: t10k-images-idx3-ubyte is not the file/);
  assert.deepEqual([same_data, as_recorded], [false, null]);
});

test('weights that are not those of the summary are refused', () => {
  const [copy, other] = [join(freshFolder(), basename(run)), trained('--seed', '1')];
  cpSync(run, copy, { recursive: true });
  const last = readdirSync(join(copy, 'checkpoints')).sort().at(-1)!;
  rmSync(join(copy, 'checkpoints', last), { recursive: true });
  cpSync(join(other, 'checkpoints', last), join(copy, 'checkpoints', last), { recursive: true });
  assertRefused(wnlstm('eval', copy), /expected a checkpoint of wn-s0-\w+, got one of wn-s1-/);
});

test('the CSV and the figure are written, and are overwritten only with --force', () => {
  const [csv, figure] = [join(scratch, 'new', 'eval.csv'), join(scratch, 'new', 'eval.svg')];
  const { err, count, loss } = evaluated(run, '--csv', csv, '--figure', figure);
  assert.equal(err, `Wrote ${csv}\nWrote ${figure}\n`);
  const [header, ...rows] = readFileSync(csv, 'utf8').trimEnd().split('\n');
  assert.equal(header, 'index,label,predicted,probability,loss');
  assert.equal(rows.length, count);
  assert.equal(rows.reduce((sum, row) => sum + Number(row.split(',')[4]), 0) / count, loss);
  assert.match(readFileSync(figure, 'utf8'), /^<svg .*predicted class/s);
  for (const [option, path] of [
    ['--csv', csv],
    ['--figure', figure],
  ] as const) {
    writeFileSync(path, 'mine');
    assertRefused(wnlstm('eval', run, option, path), /exists; nothing was written/);
    assert.equal(readFileSync(path, 'utf8'), 'mine');
    assert.equal(wnlstm('eval', run, option, path, '--force').code, 0);
    assert.notEqual(readFileSync(path, 'utf8'), 'mine');
  }
  assertRefused(
    wnlstm('eval', run, '--figure', 'x.gif'),
    /--figure x\.gif: expected a file name that ends in \.svg/,
  );
  assert.ok(!existsSync('x.gif'));
});

test('files of a run are not replaced even with --force, and links and folders stay what they are', () => {
  const rows = readFileSync(join(run, 'metrics.csv'), 'utf8');
  const folder = freshFolder();
  mkdirSync(folder, { recursive: true });
  const link = join(folder, 'link.svg');
  symlinkSync('nowhere', link);
  const inRun = /--csv: .*metrics\.csv is in the folder of the run/;
  assertRefused(wnlstm('eval', run, '--csv', join(run, 'metrics.csv'), '--force'), inRun);
  assertRefused(wnlstm('eval', run, '--csv', folder, '--force'), /--csv: .* is a folder/);
  assertRefused(wnlstm('eval', run, '--figure', link), /--figure: .*link\.svg exists/);
  const both = wnlstm(
    'eval',
    run,
    '--csv',
    join(folder, 'a.svg'),
    '--figure',
    join(folder, 'b', '..', 'a.svg'),
  );
  assertRefused(both, /--csv and --figure: both are/);
  if (process.platform !== 'win32')
    assertRefused(wnlstm('eval', run, '--csv', '/dev/null', '--force'), /is a pipe or a device/);
  assert.equal(readFileSync(join(run, 'metrics.csv'), 'utf8'), rows);
  assert.deepEqual(readdirSync(folder), ['link.svg']);
});

test('if the figure cannot be written, no CSV file is left', () => {
  const folder = freshFolder();
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'file'), 'mine');
  const figure = join(folder, 'file', 'a.svg');
  assertRefused(
    wnlstm('eval', run, '--csv', join(folder, 'a.csv'), '--figure', figure),
    /is a file, not a folder/,
  );
  assert.deepEqual(readdirSync(folder), ['file']);
});

test('a run of another arithmetic is evaluated within rounding, and a note says so', () => {
  const js = trained('--backend', 'js', '--units', '3', '--epochs', '1');
  const recorded = summaryOf(js);
  const { loss, as_recorded, err } = evaluated(js);
  assert.ok(Math.abs(loss - (recorded.test_loss ?? 0)) < 1e-5);
  if (!as_recorded) assert.match(err, /note The run was computed with other arithmetic/);
});
