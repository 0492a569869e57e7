/**
 * @file Where TensorFlow's libraries lie once `wnlstm setup tensorflow` has fetched them:
 * `<cache>/tensorflow/<version>-<variant>/`, with a manifest that is written last.
 */

import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory } from '../../package.js';

/** For CPUs alone, or with CUDA. */
export type Variant = 'cpu' | 'cuda';

/** What a file must be to be loaded. */
export interface FileCheck {
  readonly sha256: string;
  /** In milliseconds. A file that was not changed since is not read again. */
  readonly modified: number;
}

/** The contents of manifest.json. */
export interface Manifest {
  readonly format: 1;
  /** Of TensorFlow. */
  readonly version: string;
  readonly variant: Variant;
  /** Bytes of each file, by its path within the installation. */
  readonly files: Readonly<Record<string, number>>;
  /** SHA-256 of each file, and when it was last changed; earlier versions did not write them down. */
  readonly checks?: Readonly<Record<string, FileCheck>>;
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

/** What the wheel says of how it was built, kept beside the libraries where it was found. */
export const BUILD_INFO = 'build_info.py';

const READ_BYTES = 1 << 22;

/**
 * The GPUs that a CUDA build was built for, as compilers write them: sm_80 for machine code, compute_90 for code that
 * newer ones compile at their first start.
 *
 * @returns null if that is not known
 */
export function builtFor(directory: string): string[] | null {
  const path = join(directory, BUILD_INFO);
  const list = existsSync(path)
    ? /'cuda_compute_capabilities', \[([^\]]*)\]/.exec(readFileSync(path, 'utf8'))?.[1]
    : undefined;
  return list === undefined ? null : [...list.matchAll(/(?:sm|compute)_\d+/g)].map(([name]) => name);
}

/** The folder of one. */
export function installationDirectory(version: string, variant: Variant): string {
  return join(installationsDirectory(), `${version}-${variant}`);
}

/** Installations that lost files, with the names of these: they are not used. */
export function listBroken(): (Installation & { readonly missing: readonly string[] })[] {
  const root = installationsDirectory();
  const names = existsSync(root) ? readdirSync(root) : [];
  return names.flatMap((name) => {
    const directory = join(root, name);
    const manifest = name.startsWith('.') ? null : readManifest(directory);
    const missing = manifest ? missingFiles(directory, manifest) : [];
    return manifest && missing.length > 0 ? [{ directory, manifest, missing }] : [];
  });
}

function readManifest(directory: string): Manifest | null {
  const path = join(directory, 'manifest.json');
  if (!existsSync(path)) return null;
  try {
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as Manifest;
    return manifest.format === 1 ? manifest : null;
  } catch {
    return null; // it was torn: not complete
  }
}

/** Files that are not there, or are not those that were set up. */
function missingFiles(directory: string, { files, checks }: Manifest): string[] {
  return Object.entries(files).flatMap(([name, bytes]) =>
    isWhole(join(directory, name), bytes, checks?.[name]) ? [] : [name],
  );
}

/** Whether a file is the one that was set up. */
function isWhole(path: string, bytes: number, check: FileCheck | undefined): boolean {
  try {
    const { size, mtimeMs } = statSync(path);
    if (size !== bytes) return false;
    return !check || mtimeMs === check.modified || checkOf(path).sha256 === check.sha256;
  } catch {
    return false; // not there, or not readable
  }
}

/** All complete installations, newest version first, CUDA before CPU. */
export function listInstallations(): Installation[] {
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
}

/** The folder of all installations. */
export function installationsDirectory(): string {
  return join(cacheDirectory(), 'tensorflow');
}

/** An installation, or null if the folder holds none or a broken one: a half is never used. */
export function readInstallation(directory: string): Installation | null {
  const manifest = readManifest(directory);
  return manifest && missingFiles(directory, manifest).length === 0 ? { directory, manifest } : null;
}

/** SHA-256 of a large file, and when it was last changed. */
export function checkOf(path: string): FileCheck {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  const handle = openSync(path, 'r');
  try {
    const { mtimeMs: modified } = fstatSync(handle);
    for (let bytes = 1; bytes > 0; ) {
      bytes = readSync(handle, buffer, 0, READ_BYTES, null);
      hash.update(buffer.subarray(0, bytes));
    }
    return { sha256: hash.digest('hex'), modified };
  } finally {
    closeSync(handle);
  }
}
