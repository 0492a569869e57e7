/** @file Finds the four files of a data set in a folder, under the names and subfolders of common distributions. */

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ioError, UserError } from '../errors.js';
import { isDirectory } from '../files.js';

/** The file names of MNIST, which identify the files of every data set. */
export const FILE_NAMES = [
  'train-images-idx3-ubyte',
  'train-labels-idx1-ubyte',
  't10k-images-idx3-ubyte',
  't10k-labels-idx1-ubyte',
] as const;

/** The name of a file in MNIST. */
export type FileName = (typeof FILE_NAMES)[number];

/** The path of each file. */
export type DatasetPaths = Readonly<Record<FileName, string>>;

/** A location that may contain a data set, with the files found there. */
interface Candidate {
  /** Its name in errors. */
  readonly name: string;
  readonly paths: readonly (readonly [FileName, string | null])[];
}

/**
 * Finds the files of a data set in a folder or its subfolders.
 *
 * @throws {UserError} E_DATA if there is no complete data set, or more than one
 */
export function locateDataset(directory: string): DatasetPaths {
  if (!isDirectory(directory)) {
    const problem = isFile(directory) ? 'this is a file, not a folder' : 'there is no such folder';
    throw missing(`Expected ${FILE_NAMES[0]} (raw or .gz) in ${directory}, but ${problem}.`);
  }
  const here = candidatesIn(directory);
  const below = here.some(isComplete) ? [] : foldersIn(directory).flatMap(candidatesIn);
  const complete = [...here, ...below].filter(isComplete);
  const [found, another] = complete;
  if (found && !another) return Object.fromEntries(found.paths) as DatasetPaths;
  if (found) {
    const isSplit = here.some(isComplete);
    throw new UserError(
      'E_DATA',
      `Expected one data set in ${directory}, found ${complete.map(({ name }) => name).join(', ')}.`,
      {
        hint: isSplit
          ? 'Move the four files of one data set to a separate folder.'
          : 'Choose one of these folders: `--data DIR`.',
      },
    );
  }
  const count = ({ paths }: Candidate): number => paths.filter(([, path]) => path !== null).length;
  const fullest = [...here, ...below].reduce((most, each) => (count(each) > count(most) ? each : most));
  const [absent] = fullest.paths.find(([, path]) => path === null) ?? [FILE_NAMES[0]];
  const searched = [...new Set(below.map(({ name }) => name))];
  const elsewhere =
    searched.length === 0
      ? ''
      : ` Also searched ${searched.slice(0, 8).join(', ')}${searched.length > 8 ? ', …' : ''}.`;
  throw missing(`Expected ${absent} (raw or .gz) in ${fullest.name}, but there is no such file.${elsewhere}`);
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false; // missing or inaccessible
  }
}

function missing(message: string): UserError {
  return new UserError('E_DATA', message, {
    hint: `Copy the four IDX files ${FILE_NAMES.join(', ')} to this folder, or omit --data to use the bundled MNIST.`,
  });
}

function candidatesIn(directory: string): Candidate[] {
  const prefixes = ['', ...emnistSplits(namesIn(directory))];
  return prefixes.map((prefix) => ({
    name: prefix === '' ? directory : join(directory, prefix),
    paths: FILE_NAMES.map((name) => [name, findIn(directory, name, prefix)] as const),
  }));
}

/**
 * Prefixes of EMNIST, which has several splits in one folder, for example `emnist-letters-train-images-idx3-ubyte.gz`. The
 * names of its test files have `test` instead of `t10k`.
 */
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

/** Finds a file in a folder, or in a subfolder of the file's name, as in Kaggle's archive. */
function findIn(directory: string, name: FileName, prefix: string): string | null {
  const plain = prefix === '' ? name : `${prefix}-${name.replace('t10k', 'test')}`;
  const names = spellings(plain);
  const paths = [...names, ...names.map((spelling) => join(plain, spelling))];
  return paths.map((path) => join(directory, path)).find(isFile) ?? null;
}

/** The spellings of a name: `-` or `.` before `idx`, with or without `.gz`. */
function spellings(name: string): string[] {
  return [name, name.replace('-idx', '.idx')].flatMap((plain) => [plain, `${plain}.gz`]);
}

function isComplete({ paths }: Candidate): boolean {
  return paths.every(([, path]) => path !== null);
}

/** The subfolders of a folder, and the folder `raw` in each, which torchvision uses. */
function foldersIn(directory: string): string[] {
  return namesIn(directory)
    .map((name) => join(directory, name))
    .flatMap((folder) => [folder, join(folder, 'raw')])
    .filter(isDirectory);
}
