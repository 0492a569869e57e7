/** @file Finding the files of a data set in the folders and under the names of common distributions. */

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { UserError } from '../errors.js';
import { writeTinyDataset } from './idx.testing.js';
import { FILE_NAMES, type FileName, locateDataset } from './locate.js';
import { readDataset } from './mnist.js';

const root = mkdtempSync(join(tmpdir(), 'wnlstm-locate-'));
after(() => rmSync(root, { recursive: true }));
const tiny = writeTinyDataset(join(root, 'tiny'));
const expected = readDataset(tiny).checksums;

/** Creates a folder with the files of the data set at the paths that `place` returns. */
function folderWith(place: (name: FileName) => string): string {
  const directory = mkdtempSync(join(root, 'data-'));
  for (const name of FILE_NAMES) {
    const path = join(directory, place(name));
    mkdirSync(dirname(path), { recursive: true });
    cpSync(join(tiny, name), path);
  }
  return directory;
}

function refuses(directory: string, message: RegExp): void {
  assert.throws(
    () => locateDataset(directory),
    (error) => error instanceof UserError && error.code === 'E_DATA' && message.test(error.message),
  );
}

const places: [string, (name: FileName) => string][] = [
  ['directly in the folder', (name) => name],
  ['with a dot in the name', (name) => name.replace('-idx', '.idx')],
  ["in a subfolder of the file's name, as in Kaggle's archive", (name) => join(name, name)],
  ["in torchvision's MNIST/raw", (name) => join('MNIST/raw', name)],
  ['in raw', (name) => join('raw', name)],
  ['one level down', (name) => join('mnist', name)],
  ["under EMNIST's names", (name) => `emnist-letters-${name.replace('t10k', 'test')}`],
  ["under EMNIST's names in gzip", (name) => join('gzip', `emnist-digits-${name.replace('t10k', 'test')}`)],
];

for (const [where, place] of places) {
  test(`a data set ${where} is found`, () => {
    assert.deepEqual(readDataset(folderWith(place)).checksums, expected);
  });
}

test("a folder with a file's name does not hide the file or its compressed form", () => {
  const directory = folderWith((name) => name.replace('-idx', '.idx'));
  for (const name of FILE_NAMES) mkdirSync(join(directory, name));
  assert.deepEqual(readDataset(directory).checksums, expected);
});

test('files in the folder take precedence over files in subfolders', () => {
  const directory = folderWith((name) => name);
  cpSync(
    folderWith((name) => name),
    join(directory, 'below'),
    { recursive: true },
  );
  assert.equal(dirname(locateDataset(directory)[FILE_NAMES[0]]), directory);
});

test('several data sets in subfolders, or several splits in a folder, are an error that names them', () => {
  const two = folderWith((name) => join('MNIST/raw', name));
  cpSync(join(two, 'MNIST'), join(two, 'FashionMNIST'), { recursive: true });
  refuses(two, /Expected one data set in .*, found .*FashionMNIST\/raw, .*MNIST\/raw\.$/);
  const splits = folderWith((name) => `emnist-letters-${name.replace('t10k', 'test')}`);
  for (const name of FILE_NAMES) {
    const written = `emnist-letters-${name.replace('t10k', 'test')}`;
    cpSync(join(splits, written), join(splits, written.replace('letters', 'digits')));
  }
  refuses(splits, /Expected one data set in .*, found .*emnist-digits, .*emnist-letters\.$/);
});

test('an error names the missing file of the most complete folder, and the searched folders', () => {
  const directory = folderWith((name) => join('MNIST/raw', name));
  renameSync(join(directory, 'MNIST/raw/t10k-labels-idx1-ubyte'), join(directory, 'other'));
  refuses(
    directory,
    /^Expected t10k-labels-idx1-ubyte .* in .*MNIST\/raw, but there is no such file\. Also searched .*MNIST/,
  );
  refuses(join(directory, 'other'), /but this is a file, not a folder/);
  refuses(join(directory, 'absent'), /but there is no such folder/);
  const empty = mkdtempSync(join(root, 'empty-'));
  writeFileSync(join(empty, 'notes.txt'), '');
  refuses(empty, /Expected train-images-idx3-ubyte .*, but there is no such file\.$/);
});
