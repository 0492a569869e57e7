/** @file Compiles the emulated driver, once for each version of its source. */

import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../../package.js';

const compiler = process.env.CXX ?? 'g++';
const version = spawnSync(compiler, ['--version'], { encoding: 'utf8' }).stdout ?? '';

/** Why there is no emulated driver on this machine, or false. */
export const skipEmulation: string | false =
  process.platform !== 'linux'
    ? 'the emulated GPU is for Linux'
    : version
      ? false
      : `there is no C++ compiler (${compiler})`;

/** Folders of the source, below src/engines. */
const FOLDERS = ['cuda/emulation', 'cuda/kernel', 'fused/kernel'];
const engines = join(packageRoot, 'src/engines');

/** The library of one version of the source. */
export interface Build {
  /** Checks every access of the kernels; much slower. */
  readonly checked: boolean;
  /** The folder that has the source; src/engines unless it is a changed copy. */
  readonly source?: string;
  /** A folder for the library, if it is not to be kept. */
  readonly output?: string;
  /** The kernels to compile; all unless some are enough. */
  readonly entries?: RegExp;
}

/**
 * Compiles the driver if that was not done before.
 *
 * @returns the path of the library, for WNLSTM_LIBCUDA
 */
export async function buildEmulation({
  checked,
  source = engines,
  output = join(packageRoot, 'node_modules/.cache/wnlstm'),
  entries = /^/,
}: Build): Promise<string> {
  const options = [
    ...['-std=gnu++17', checked ? '-O1' : '-O2', '-march=native', '-ffp-contract=off', '-fno-math-errno'],
    ...['-Wall', '-Wextra', '-Werror', '-Wno-unknown-pragmas', '-Wno-psabi', '-Wno-unused-function'],
    ...['-shared', '-fPIC', '-fvisibility=hidden', ...(checked ? ['-DCHECKED'] : [])],
    `-DKERNELS=${entryNames(source)
      .filter((name) => entries.test(name))
      .map((name) => `ENTRY(${name})`)
      .join(' ')}`,
  ];
  const hash = createHash('sha256').update(JSON.stringify([version, process.arch, options]));
  for (const path of sourceFiles(source)) hash.update(readFileSync(join(source, path)));
  const library = join(output, `emulated-cuda-${hash.digest('hex').slice(0, 16)}.so`);
  if (existsSync(library)) return library;
  mkdirSync(output, { recursive: true });
  const unfinished = `${library}.${process.pid}`;
  await promisify(execFile)(compiler, [
    ...options,
    join(source, 'cuda/emulation/driver.cpp'),
    '-o',
    unfinished,
  ]);
  renameSync(unfinished, library);
  return library;
}

/** The names of the entry points in the source of the kernels. */
export function entryNames(source = engines): string[] {
  const text = readFileSync(join(source, 'cuda/kernel/kernels.cu'), 'utf8');
  return [...text.matchAll(/^KERNEL\(\d+\) (\w+)\(/gm)].map(([, name = '']) => name);
}

/** The barriers in the source of the kernels, as `file.h:line`. */
export function barriers(): string[] {
  return readdirSync(join(engines, 'cuda/kernel'))
    .filter((file) => file !== 'words.h')
    .flatMap((file) =>
      readFileSync(join(engines, 'cuda/kernel', file), 'utf8')
        .split('\n')
        .flatMap((line, index) => (/^\s*BARRIER;/.test(line) ? [`${file}:${index + 1}`] : [])),
    );
}

/** A change of a file of the source, as the text that is replaced. */
export interface Change {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/**
 * Copies the source and changes it.
 *
 * @returns the folder of the copy, to be removed by the caller
 */
export function changedSource(changes: readonly Change[]): string {
  const copy = mkdtempSync(join(tmpdir(), 'wnlstm-'));
  for (const folder of FOLDERS) cpSync(join(engines, folder), join(copy, folder), { recursive: true });
  for (const { file, from, to } of changes) {
    const path = join(copy, file);
    const text = readFileSync(path, 'utf8');
    if (!text.includes(from)) throw new Error(`${file} does not contain ${from}`);
    writeFileSync(path, text.replace(from, to));
  }
  return copy;
}

function sourceFiles(source: string): string[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(source, folder))
      .filter((name) => /\.(h|cpp|cu)$/.test(name))
      .map((name) => join(folder, name)),
  ).sort();
}
