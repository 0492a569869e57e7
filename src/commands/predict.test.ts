/** @file `wnlstm predict` classifies PNG and IDX images as `eval` does, and refuses what is not an image of the model's size. */

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { enlarge, imageAt, invert } from '../data/grey-image.js';
import { idxBytes } from '../data/idx.testing.js';
import { readDataset } from '../data/mnist.js';
import { encodePng } from '../data/png.js';
import {
  assertRefused,
  bin,
  data,
  environment,
  freshFolder,
  onlyRun,
  scratch,
  train,
  wnlstm,
} from '../end-to-end/cli.testing.js';

const runs = freshFolder();
assert.equal(train(runs, '--epochs', '6').code, 0);
const run = onlyRun(runs);
const split = readDataset(data).test;
const idx = join(data, 't10k-images-idx3-ubyte');

interface Predicted {
  readonly file: string;
  readonly index: number | null;
  readonly predicted: number;
  readonly probabilities: readonly number[];
}

function predicted(...args: string[]): Predicted[] {
  const { code, out, err } = wnlstm('predict', run, '--json', ...args);
  assert.equal(code, 0, err);
  return JSON.parse(out).predictions;
}

function written(name: string, bytes: Uint8Array): string {
  const path = join(scratch, name);
  writeFileSync(path, bytes);
  return path;
}

function png(name: string, index: number): string {
  return written(name, encodePng(imageAt(split, index)));
}

test('the images of an IDX file get the predictions and probabilities of eval', () => {
  const csv = join(scratch, 'eval.csv');
  assert.equal(wnlstm('eval', run, '--csv', csv).code, 0);
  const rows = readFileSync(csv, 'utf8').trimEnd().split('\n').slice(1);
  const all = predicted(idx);
  assert.equal(all.length, split.count);
  for (const [at, row] of rows.entries()) {
    const [index, label, prediction, probability, loss] = row.split(',').map(Number);
    const { predicted: found, probabilities, ...one } = all[at]!;
    assert.deepEqual(one, { file: idx, index });
    assert.deepEqual([found, probabilities[found]], [prediction, probability]);
    assert.equal(probabilities[label!], Math.exp(-loss!));
    assert.ok(Math.abs(probabilities.reduce((sum, each) => sum + each, 0) - 1) < 1e-6);
  }
  assert.deepEqual(predicted(idx, '--index', '7'), [all[7]]);
  const zipped = written('images.gz', gzipSync(readFileSync(idx)));
  assert.deepEqual(predicted(zipped, '--index', '7')[0]!.probabilities, all[7]!.probabilities);
});

test('a PNG image gets the prediction of the same image in an IDX file, from a file or from standard input', () => {
  const [inIdx] = predicted(idx, '--index', '5');
  const path = png('five.png', 5);
  assert.deepEqual(predicted(path), [{ ...inIdx, file: path, index: null }]);
  const { stdout, status } = spawnSync(process.execPath, [bin, 'predict', run, '-', '--json'], {
    input: readFileSync(path),
    encoding: 'utf8',
    env: environment,
  });
  assert.equal(status, 0);
  assert.deepEqual(JSON.parse(stdout).predictions, [{ ...inIdx, file: '-', index: null }]);
});

/** Starts `predict` on standard input, which the test writes. */
function predictInput() {
  const child = spawn(process.execPath, [bin, 'predict', run, '-'], { env: environment });
  let err = '';
  child.stderr.on('data', (text) => {
    err += text;
  });
  child.stdin.on('error', () => {}); // the program has ended
  const ended = once(child, 'close').then(([code]) => ({ code, err }));
  return { child, ended };
}

test('standard input may be slow', async () => {
  const { child, ended } = predictInput();
  const bytes = readFileSync(png('slow.png', 5));
  child.stdin.write(bytes.subarray(0, 20));
  await setTimeout(1500);
  child.stdin.end(bytes.subarray(20));
  assert.deepEqual(await ended, { code: 0, err: '' });
});

test('a signal ends the wait for standard input', { skip: process.platform === 'win32' }, async () => {
  const { child, ended } = predictInput();
  await setTimeout(1500);
  child.kill('SIGTERM');
  assert.deepEqual(await ended, { code: 143, err: '' });
});

test('the table has a row per image and the three most probable classes', () => {
  const files = [png('a.png', 0), png('b.png', 1)];
  const lines = wnlstm('predict', run, ...files)
    .out.trimEnd()
    .split('\n');
  assert.match(lines[0]!, /^image +predicted +second +third$/);
  for (const [at, { file, predicted: found }] of predicted(...files).entries())
    assert.match(
      lines[at + 1]!,
      new RegExp(`^${file} +${found} +\\d+\\.\\d\\d %( +\\d +[<>]?\\d+\\.\\d\\d %){2}$`),
    );
  assert.match(wnlstm('predict', run, idx, '--index', '3').out, /\n#3 {5}/);
});

test('an image on a light background gets a note, and --invert reads it', () => {
  const inverted = written('paper.png', encodePng(invert(imageAt(split, 2))));
  const { err, code } = wnlstm('predict', run, inverted);
  assert.equal(code, 0);
  assert.match(err, /note .*paper\.png has a light background; .* with `--invert`, or .*`--photo`\./);
  const path = png('c.png', 2);
  assert.equal(wnlstm('predict', run, path).err, '');
  assert.deepEqual(predicted(inverted, '--invert')[0]!.probabilities, predicted(path)[0]!.probabilities);
  assert.match(wnlstm('predict', run, path, '--invert').err, /Omit `--invert`/);
  assert.match(
    wnlstm('predict', run, inverted, path, inverted).err,
    /2 of the 3 images have a light background/,
  );
});

test('an image of another size is an error, unless --resize scales it', () => {
  const large = written('large.png', encodePng(enlarge(imageAt(split, 4), 3)));
  assertRefused(
    wnlstm('predict', run, large),
    /large\.png: expected 8 x 8 pixels, got 24 x 24\.\nhint .*--resize/,
  );
  assert.deepEqual(
    predicted(large, '--resize')[0]!.probabilities,
    predicted(png('d.png', 4))[0]!.probabilities,
  );
});

test('--photo reads ink on paper of any size, and an image without a digit is an error', () => {
  const { width, height, pixels } = enlarge(invert(imageAt(split, 4)), 5);
  const paper = { width, height, pixels: pixels.map((grey) => 60 + grey / 2) };
  const photo = written('photo-of-four.png', encodePng(paper));
  const [one] = predicted(photo, '--photo');
  assert.equal(one!.file, photo);
  const [plain] = predicted(png('four.png', 4), '--photo');
  for (const [label, probability] of one!.probabilities.entries())
    assert.ok(Math.abs(probability - plain!.probabilities[label]!) < 1e-3);
  assert.equal(wnlstm('predict', run, photo, '--photo').err, '');
  const blank = written('blank.png', encodePng({ width, height, pixels: pixels.map(() => 200) }));
  assertRefused(
    wnlstm('predict', run, photo, blank, '--photo'),
    /blank\.png: expected a digit, got an image/,
  );
  assertRefused(wnlstm('predict', run, photo, '--photo', '--invert'), /'--photo' cannot be used with/);
});

test('one unusable file is an error, and nothing is predicted', () => {
  const good = png('good.png', 0);
  const whole = readFileSync(good);
  const labels = join(data, 't10k-labels-idx1-ubyte');
  mkdirSync(join(scratch, 'folder'), { recursive: true });
  for (const [path, message] of [
    [
      written('empty.png', new Uint8Array()),
      /empty\.png: expected a PNG image or an IDX file of images, got an empty file/,
    ],
    [written('photo.png', Buffer.from([0xff, 0xd8, 0xff, 0xe0])), /got a JPEG image/],
    [written('phone.png', Buffer.from('\0\0\0\x18ftypheic\0\0\0\0', 'latin1')), /got a HEIC image/],
    [written('text.png', Buffer.from('hello')), /got other data/],
    [
      written('cut.png', whole.subarray(0, whole.length - 20)),
      /cut\.png: expected a complete PNG image, got a damaged one/,
    ],
    [
      written('cut.idx', readFileSync(idx).subarray(0, 300)),
      /cut\.idx: expected 3840 bytes of data for 60 x 8 x 8, got 284/,
    ],
    [
      written('cut.gz', gzipSync(readFileSync(idx)).subarray(0, 900)),
      /cut\.gz: expected a complete gzip file/,
    ],
    [
      written('none.idx', idxBytes([0, 8, 8], new Uint8Array())),
      /none\.idx: expected images, got 0 of 8 x 8/,
    ],
    [labels, /expected an IDX file of images \(magic 2051\), got magic 2049/],
    [join(scratch, 'absent.png'), /Could not read .*absent\.png: no such file/],
    [join(scratch, 'folder'), /Could not read .*folder: it is a folder/],
  ] as const) {
    assertRefused(wnlstm('predict', run, good, path), message);
  }
});

test('--index must be in the file, and is for IDX files only', () => {
  assertRefused(
    wnlstm('predict', run, idx, '--index', '60'),
    /--index 60: .* has 60 images\.\nhint .* 0 to 59/,
  );
  assertRefused(
    wnlstm('predict', run, png('e.png', 0), '--index', '0'),
    /expected an IDX file, but .* is a PNG/,
  );
  assertRefused(wnlstm('predict', run, idx, '--index', '-1'), /--index/);
  assertRefused(wnlstm('predict', run), /missing required argument 'images'/);
});
