/**
 * @file Where TensorFlow's libraries lie once `wnlstm setup tensorflow` has fetched them:
 * `<cache>/tensorflow/<version>-<variant>/`, with a manifest that is written last.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory } from '../../../package.js';

/** For CPUs alone, or with CUDA. */
export type Variant = 'cpu' | 'cuda';

/** The contents of manifest.json. */
export interface Manifest {
  readonly format: 1;
  /** Of TensorFlow. */
  readonly version: string;
  readonly variant: Variant;
  /** Bytes of each file, by its path within the installation. */
  readonly files: Readonly<Record<string, number>>;
  /** SHA-256 of each wheel it was unpacked from, by file name. */
  readonly wheels: Readonly<Record<string, string>>;
}

/** A complete installation. */
export interface Installation {
  readonly directory: string;
  readonly manifest: Manifest;
}

/** The two libraries that carry the C API; they find each other in one folder. */
export const LIBRARIES = ['libtensorflow_framework.so.2', 'libtensorflow_cc.so.2'] as const;

/** The folder of all installations. */
export const installationsDirectory = (): string => join(cacheDirectory(), 'tensorflow');

/** The folder of one. */
export const installationDirectory = (version: string, variant: Variant): string =>
  join(installationsDirectory(), `${version}-${variant}`);

/** An installation, or null if the folder holds none or a broken one: a half is never used. */
export const readInstallation = (directory: string): Installation | null => {
  const path = join(directory, 'manifest.json');
  if (!existsSync(path)) return null;
  let manifest: Manifest;
  try {
    manifest = JSON.parse(readFileSync(path, 'utf8')) as Manifest;
  } catch {
    return null; // it was torn: not complete
  }
  const isWhole = ([name, bytes]: [string, number]): boolean => {
    const file = join(directory, name);
    return existsSync(file) && statSync(file).size === bytes;
  };
  return manifest.format === 1 && Object.entries(manifest.files).every(isWhole)
    ? { directory, manifest }
    : null;
};

/** All complete installations, newest version first, CUDA before CPU. */
export const listInstallations = (): Installation[] => {
  const root = installationsDirectory();
  if (!existsSync(root)) return [];
  const order = ({ manifest }: Installation): string =>
    `${manifest.version
      .split('.')
      .map((part) => part.padStart(5, '0'))
      .join('.')} ${manifest.variant}`;
  return readdirSync(root)
    .flatMap((name) => readInstallation(join(root, name)) ?? [])
    .sort((a, b) => (order(a) < order(b) ? 1 : -1));
};
