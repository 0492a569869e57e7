/** @file Reading data sets: splits, names, checks, and the bundled MNIST. */

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { gzipSync } from 'node:zlib';
import { UserError } from '../errors.js';
import { idxBytes, writeTinyDataset } from './idx.testing.js';
import { bundledDirectory, type Dataset, mnistFiles, readDataset, type Split, sha256 } from './mnist.js';

const root = mkdtempSync(join(tmpdir(), 'wnlstm-'));
after(() => rmSync(root, { recursive: true }));

const names = Object.keys(mnistFiles);

function tiny(options: Parameters<typeof writeTinyDataset>[1] = {}): string {
  return writeTinyDataset(mkdtempSync(join(root, 'data-')), options);
}

function zeros(...shape: number[]): Buffer {
  return idxBytes(shape, new Uint8Array(shape.reduce((product, size) => product * size, 1)));
}

function refuses(directory: string, message: RegExp): void {
  assert.throws(
    () => readDataset(directory),
    (error) => {
      assert.ok(error instanceof UserError, String(error));
      assert.equal(error.code, 'E_DATA');
      assert.match(error.message, message);
      assert.ok(error.hint);
      return true;
    },
  );
}

function splits({ train, validation, test }: Dataset): Split[] {
  return [train, validation, test];
}

test('the splits have the pixels and labels of the files, in order', () => {
  const directory = tiny({ size: 5, train: 36, test: 7, classes: 3 });
  const data = readDataset(directory);
  assert.equal(data.size, 5);
  assert.equal(data.classes, 3);
  assert.deepEqual(
    splits(data).map(({ count }) => count),
    [33, 3, 7],
  );
  const { train, validation, test: tested } = data;
  const payload = (name: string, header: number): string =>
    sha256(readFileSync(join(directory, name)).subarray(header));
  const images = sha256(Buffer.concat([validation.images, train.images]));
  assert.equal(images, payload('train-images-idx3-ubyte', 16));
  const labels = sha256(Buffer.concat([validation.labels, train.labels]));
  assert.equal(labels, payload('train-labels-idx1-ubyte', 8));
  assert.equal(sha256(tested.images), payload('t10k-images-idx3-ubyte', 16));
  assert.equal(sha256(tested.labels), payload('t10k-labels-idx1-ubyte', 8));
});

test('raw files, gzip files, gzip files with a raw name and files with a dot in the name give the same data set', () => {
  const expected = readDataset(tiny());
  const spellings: ((directory: string, name: string) => void)[] = [
    (directory, name) => renameSync(join(directory, name), join(directory, name.replace('-idx', '.idx'))),
    (directory, name) => {
      writeFileSync(join(directory, `${name}.gz`), gzipSync(readFileSync(join(directory, name))));
      rmSync(join(directory, name));
    },
    (directory, name) => writeFileSync(join(directory, name), gzipSync(readFileSync(join(directory, name)))),
    (directory, name) => {
      const dotted = `${name.replace('-idx', '.idx')}.gz`;
      writeFileSync(join(directory, dotted), gzipSync(readFileSync(join(directory, name))));
      rmSync(join(directory, name));
    },
  ];
  for (const spell of spellings) {
    const directory = tiny();
    for (const name of names) spell(directory, name);
    // including checksums, which are of the unpacked bytes
    assert.ok(isDeepStrictEqual(readDataset(directory), expected), String(spell));
  }
});

test('checksums are the SHA-256 of the unpacked files, under the names of MNIST', () => {
  const directory = tiny();
  assert.deepEqual(
    readDataset(directory).checksums,
    Object.fromEntries(names.map((name) => [name, sha256(readFileSync(join(directory, name)))])),
  );
});

test('validation and training are views of one file, not copies', () => {
  const { train, validation, size } = readDataset(tiny());
  assert.equal(train.images.buffer, validation.images.buffer);
  assert.equal(train.images.byteOffset, validation.images.byteOffset + validation.count * size * size);
  assert.equal(train.labels.buffer, validation.labels.buffer);
  assert.equal(train.labels.byteOffset, validation.labels.byteOffset + validation.count);
});

test('validation is the first twelfth of a training set under 20,000, and the first 5,000 of a larger one', () => {
  for (const [count, validation] of [
    [12, 1],
    [23, 1],
    [240, 20],
    [19_999, 1666],
    [20_000, 5000],
    [20_100, 5000],
  ] as const) {
    const data = readDataset(tiny({ size: 2, train: count, test: 2, classes: 2 }));
    assert.equal(data.validation.count, validation, `of ${count}`);
    assert.equal(data.train.count, count - validation, `of ${count}`);
  }
});

function withTrainingLabels(label: (index: number) => number): string {
  const directory = tiny();
  const labels = Uint8Array.from({ length: 240 }, (_, index) => label(index));
  writeFileSync(join(directory, 'train-labels-idx1-ubyte'), idxBytes([240], labels));
  return directory;
}

test('the number of classes is the largest training label plus one, also if labels start at 1', () => {
  assert.equal(readDataset(withTrainingLabels((index) => index % 7)).classes, 7);
  assert.equal(readDataset(withTrainingLabels((index) => 1 + (index % 26))).classes, 27);
});

test('training labels with more gaps than classes are an error', () => {
  refuses(
    withTrainingLabels((index) => (index === 239 ? 255 : index % 4)),
    /training labels .+ got 5 classes with labels up to 255/,
  );
});

test('the tiny data set is deterministic, and its brightest row is the class', () => {
  const { train, checksums, size } = readDataset(tiny());
  assert.deepEqual(readDataset(tiny()).checksums, checksums);
  for (const [index, label] of train.labels.entries()) {
    const sums = new Array<number>(size).fill(0);
    const image = train.images.subarray(index * size * size, (index + 1) * size * size);
    for (const [at, pixel] of image.entries()) sums[Math.floor(at / size)]! += pixel;
    assert.equal(sums.indexOf(Math.max(...sums)), label, `example ${index}`);
  }
});

test('a truncated file is an error that names it, raw or gzip', () => {
  for (const name of names) {
    const directory = tiny();
    const whole = readFileSync(join(directory, name));
    writeFileSync(join(directory, name), whole.subarray(0, -1));
    refuses(directory, new RegExp(`${name}: expected \\d+ bytes of data`));
    writeFileSync(join(directory, name), gzipSync(whole).subarray(0, -1));
    refuses(directory, new RegExp(`${name}: expected a complete gzip file`));
  }
});

test('images instead of labels, and labels instead of images, are an error', () => {
  const directory = tiny();
  renameSync(join(directory, 't10k-labels-idx1-ubyte'), join(directory, 'labels'));
  writeFileSync(join(directory, 't10k-labels-idx1-ubyte'), zeros(60, 8, 8));
  refuses(directory, /t10k-labels-idx1-ubyte: expected an IDX file of labels .+got magic 2051/);
  writeFileSync(join(directory, 't10k-images-idx3-ubyte'), readFileSync(join(directory, 'labels')));
  refuses(directory, /t10k-images-idx3-ubyte: expected an IDX file of images .+got magic 2049/);
});

test('different numbers of labels and images are an error', () => {
  const directory = tiny();
  writeFileSync(join(directory, 'train-labels-idx1-ubyte'), zeros(239));
  refuses(directory, /expected as many labels as images, got 240 images and 239 labels/);
});

test('images must be square, not empty, and of the same size in training and test', () => {
  const directory = tiny();
  writeFileSync(join(directory, 'train-images-idx3-ubyte'), zeros(240, 8, 7));
  refuses(directory, /train-images-idx3-ubyte: expected square images, got 8 x 7 pixels/);
  writeFileSync(join(directory, 'train-images-idx3-ubyte'), zeros(240, 0, 0));
  refuses(directory, /expected square images, got 0 x 0/);
  writeFileSync(join(directory, 'train-images-idx3-ubyte'), zeros(240, 9, 9));
  refuses(directory, /expected test images of 9 x 9 pixels like the training images, got 8 x 8/);
});

test('a test label that is not in training is an error', () => {
  const directory = tiny({ classes: 4 });
  const labels = Uint8Array.from({ length: 60 }, (_, index) => (index === 59 ? 4 : 0));
  writeFileSync(join(directory, 't10k-labels-idx1-ubyte'), idxBytes([60], labels));
  refuses(directory, /expected test labels from 0 to 3 as in training, got 4/);
});

test('a data set of too few examples is an error', () => {
  refuses(tiny({ train: 11 }), /at least 12 training examples and 1 test example, got 11 and 60/);
  refuses(tiny({ test: 0 }), /at least 12 training examples and 1 test example, got 240 and 0/);
});

test('a data set of one class is an error that mentions classes', () => {
  refuses(tiny({ classes: 1 }), /class/);
});

test('a missing folder or file is an error that names it', () => {
  refuses(
    join(root, 'absent'),
    /Expected train-images-idx3-ubyte .+ in .+absent, but there is no such folder/,
  );
  for (const name of names) {
    const directory = tiny();
    rmSync(join(directory, name));
    refuses(directory, new RegExp(`Expected ${name} \\(raw or \\.gz\\) in .+, but there is no such file`));
  }
});

test('the bundled MNIST has the known checksums, 55,000, 5,000 and 10,000 examples of 28 x 28, and 10 classes', () => {
  const data = readDataset(null);
  assert.deepEqual(data.checksums, mnistFiles);
  assert.equal(data.size, 28);
  assert.equal(data.classes, 10);
  assert.deepEqual(
    splits(data).map(({ count, images, labels }) => [count, images.length / 784, labels.length]),
    [
      [55_000, 55_000, 55_000],
      [5000, 5000, 5000],
      [10_000, 10_000, 10_000],
    ],
  );
  assert.deepEqual([...data.validation.labels.subarray(0, 5)], [5, 0, 4, 1, 9]);
  assert.deepEqual([...data.test.labels.subarray(0, 5)], [7, 2, 1, 0, 4]);
  assert.ok(readFileSync(join(bundledDirectory(), 't10k-labels-idx1-ubyte')).length === 10_008);
});
