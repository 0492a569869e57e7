/**
 * @file The installations of `wnlstm setup tensorflow`: folders `<cache>/tensorflow/<version>-<variant>/` with the libraries
 * and a manifest, which is written last.
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

/** The build for CPUs only, or the one with CUDA. */
export type Variant = 'cpu' | 'cuda';

/** The expected content of a file. */
export interface FileCheck {
  readonly sha256: string;
  /** Modification time in milliseconds. A file with this time is not hashed again. */
  readonly modified: number;
}

/** The contents of manifest.json. */
export interface Manifest {
  readonly format: 1;
  /** The version of TensorFlow. */
  readonly version: string;
  readonly variant: Variant;
  /** Size of each file in bytes, by its path in the installation. */
  readonly files: Readonly<Record<string, number>>;
  /** SHA-256 and modification time of each file; manifests of earlier versions lack them. */
  readonly checks?: Readonly<Record<string, FileCheck>>;
  /** SHA-256 of each wheel that it was unpacked from, by file name. */
  readonly wheels: Readonly<Record<string, string>>;
}

/** A complete installation. */
export interface Installation {
  readonly directory: string;
  readonly manifest: Manifest;
}

/** The two libraries of the C API, which must be in one folder. */
export const LIBRARIES = ['libtensorflow_framework.so.2', 'libtensorflow_cc.so.2'] as const;

/** A file of the wheel that describes its build, if the wheel has it. */
export const BUILD_INFO = 'build_info.py';

const READ_BYTES = 1 << 22;

/**
 * The compilation targets of a CUDA build: sm_80 is machine code, compute_90 is code that drivers of newer GPUs compile at
 * the first start.
 *
 * @returns null if they are unknown
 */
export function builtFor(directory: string): string[] | null {
  const path = join(directory, BUILD_INFO);
  const list = existsSync(path)
    ? /'cuda_compute_capabilities', \[([^\]]*)\]/.exec(readFileSync(path, 'utf8'))?.[1]
    : undefined;
  return list === undefined ? null : [...list.matchAll(/(?:sm|compute)_\d+/g)].map(([name]) => name);
}

/** The folder of an installation. */
export function installationDirectory(version: string, variant: Variant): string {
  return join(installationsDirectory(), `${version}-${variant}`);
}

/** Incomplete or changed installations, which are not used, with the names of their bad files. */
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
    return null; // incomplete JSON: the installation is not complete
  }
}

/** Files that are missing or were changed. */
function missingFiles(directory: string, { files, checks }: Manifest): string[] {
  return Object.entries(files).flatMap(([name, bytes]) =>
    isUnchanged(join(directory, name), bytes, checks?.[name]) ? [] : [name],
  );
}

/** Whether a file is unchanged since the installation. */
function isUnchanged(path: string, bytes: number, check: FileCheck | undefined): boolean {
  try {
    const { size, mtimeMs } = statSync(path);
    if (size !== bytes) return false;
    return !check || mtimeMs === check.modified || checkOf(path).sha256 === check.sha256;
  } catch {
    return false; // missing or unreadable
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

/** The installation in a folder; null if there is none or it is incomplete. */
export function readInstallation(directory: string): Installation | null {
  const manifest = readManifest(directory);
  return manifest && missingFiles(directory, manifest).length === 0 ? { directory, manifest } : null;
}

/** Computes the SHA-256 of a large file, and reads its modification time. */
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
