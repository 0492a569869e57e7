/** @file The four files of a data set in a folder, under the names and in the places where people have them. */

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ioError, UserError } from '../errors.js';
import { isDirectory } from '../files.js';

/** The files' names in MNIST, in which every data set of this format is described here. */
export const FILE_NAMES = [
  'train-images-idx3-ubyte',
  'train-labels-idx1-ubyte',
  't10k-images-idx3-ubyte',
  't10k-labels-idx1-ubyte',
] as const;

export type FileName = (typeof FILE_NAMES)[number];

/** Where each file is. */
export type DatasetPaths = Readonly<Record<FileName, string>>;

/** A place where a data set may be, with those of its files that are there. */
interface Place {
  /** As an error names it. */
  readonly name: string;
  readonly paths: readonly (readonly [FileName, string | null])[];
}

/**
 * Finds the files of the data set in a folder, or one level below.
 *
 * @throws {UserError} E_DATA if they are not there, or if there are several data sets
 */
export function locateDataset(directory: string): DatasetPaths {
  if (!isDirectory(directory)) {
    const got = isFile(directory) ? 'a file, not a folder' : 'no such folder';
    throw missing(`Expected ${FILE_NAMES[0]} (raw or .gz) in ${directory}, got ${got}.`);
  }
  const here = placesIn(directory);
  const below = here.some(isComplete) ? [] : foldersIn(directory).flatMap(placesIn);
  const complete = [...here, ...below].filter(isComplete);
  if (complete.length === 1) return Object.fromEntries(complete[0].paths) as DatasetPaths;
  if (complete.length > 1) {
    const isSplit = here.some(isComplete);
    throw new UserError(
      'E_DATA',
      `${directory} has several data sets: ${complete.map(({ name }) => name).join(', ')}.`,
      {
        hint: isSplit
          ? 'Move the four files of one of them into a folder of their own.'
          : 'Name the folder of one of them: `--data DIR`.',
      },
    );
  }
  const count = ({ paths }: Place): number => paths.filter(([, path]) => path !== null).length;
  const fullest = [...here, ...below].reduce((most, place) => (count(place) > count(most) ? place : most));
  const [absent] = fullest.paths.find(([, path]) => path === null) ?? [FILE_NAMES[0]];
  const looked = [...new Set(below.map(({ name }) => name))];
  const elsewhere =
    looked.length === 0
      ? ''
      : ` Looked in ${looked.slice(0, 8).join(', ')}${looked.length > 8 ? ', …' : ''} too.`;
  throw missing(`Expected ${absent} (raw or .gz) in ${fullest.name}, got no such file.${elsewhere}`);
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false; // not there, or out of reach
  }
}

function missing(message: string): UserError {
  return new UserError('E_DATA', message, {
    hint: `Put the four IDX files ${FILE_NAMES.join(', ')} there, or leave --data out for the bundled MNIST.`,
  });
}

function placesIn(directory: string): Place[] {
  const prefixes = ['', ...emnistSplits(namesIn(directory))];
  return prefixes.map((prefix) => ({
    name: prefix === '' ? directory : join(directory, prefix),
    paths: FILE_NAMES.map((name) => [name, findIn(directory, name, prefix)] as const),
  }));
}

/** EMNIST has several splits in one folder: `emnist-letters-train-images-idx3-ubyte.gz`; its test files say `test`. */
function emnistSplits(names: readonly string[]): string[] {
  return [
    ...new Set(
      names.flatMap((name) => /^(emnist-\w+)-(?:train|test)-.*ubyte(?:\.gz)?$/.exec(name)?.[1] ?? []),
    ),
  ];
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch (error) {
    throw new UserError('E_DATA', ioError(`list ${directory}`, error).message, { cause: error });
  }
}

/** A file of a data set right in a folder, or in a folder of its own there, as Kaggle's archive unpacks. */
function findIn(directory: string, name: FileName, prefix: string): string | null {
  const plain = prefix === '' ? name : `${prefix}-${name.replace('t10k', 'test')}`;
  const written = spellings(plain);
  const paths = [...written, ...written.map((spelling) => join(plain, spelling))];
  return paths.map((path) => join(directory, path)).find(isFile) ?? null;
}

/** `-` or `.` before `idx`, with or without `.gz`. */
function spellings(name: string): string[] {
  return [name, name.replace('-idx', '.idx')].flatMap((plain) => [plain, `${plain}.gz`]);
}

function isComplete({ paths }: Place): boolean {
  return paths.every(([, path]) => path !== null);
}

/** Its folders, and the `raw` in each, where torchvision keeps the files. */
function foldersIn(directory: string): string[] {
  return namesIn(directory)
    .map((name) => join(directory, name))
    .flatMap((folder) => [folder, join(folder, 'raw')])
    .filter(isDirectory);
}
