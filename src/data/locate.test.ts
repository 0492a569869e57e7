/** @file Where the files of a data set are found: every archive and library has them in a place of its own. */

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

/** A folder with the files of the data set where `place` puts them. */
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
  ['right in the folder', (name) => name],
  ['with a dot in the name', (name) => name.replace('-idx', '.idx')],
  ["as Kaggle's archive unpacks, in a folder of the file's name", (name) => join(name, name)],
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

test("a folder that has a file's name hides neither the file beside it nor its compressed form", () => {
  const directory = folderWith((name) => name.replace('-idx', '.idx'));
  for (const name of FILE_NAMES) mkdirSync(join(directory, name));
  assert.deepEqual(readDataset(directory).checksums, expected);
});

test('what lies in the folder itself wins over what lies below', () => {
  const directory = folderWith((name) => name);
  cpSync(
    folderWith((name) => name),
    join(directory, 'below'),
    { recursive: true },
  );
  assert.equal(dirname(locateDataset(directory)[FILE_NAMES[0]]), directory);
});

test('several data sets below a folder, or several splits in it, are an error that names them', () => {
  const two = folderWith((name) => join('MNIST/raw', name));
  cpSync(join(two, 'MNIST'), join(two, 'FashionMNIST'), { recursive: true });
  refuses(two, /has several data sets: .*FashionMNIST\/raw, .*MNIST\/raw\.$/);
  const splits = folderWith((name) => `emnist-letters-${name.replace('t10k', 'test')}`);
  for (const name of FILE_NAMES) {
    const written = `emnist-letters-${name.replace('t10k', 'test')}`;
    cpSync(join(splits, written), join(splits, written.replace('letters', 'digits')));
  }
  refuses(splits, /has several data sets: .*emnist-digits, .*emnist-letters\.$/);
});

test('an error names the file that is missing where most are, and where else was looked', () => {
  const directory = folderWith((name) => join('MNIST/raw', name));
  renameSync(join(directory, 'MNIST/raw/t10k-labels-idx1-ubyte'), join(directory, 'other'));
  refuses(
    directory,
    /^Expected t10k-labels-idx1-ubyte .* in .*MNIST\/raw, got no such file\. Looked in .*MNIST/,
  );
  refuses(join(directory, 'other'), /got a file, not a folder/);
  refuses(join(directory, 'absent'), /got no such folder/);
  const empty = mkdtempSync(join(root, 'empty-'));
  writeFileSync(join(empty, 'notes.txt'), '');
  refuses(empty, /Expected train-images-idx3-ubyte .*, got no such file\.$/);
});
