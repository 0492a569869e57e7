/** @file Fake TensorFlow libraries for tests, compiled from a few lines of C. */

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../package.js';
import { LIBRARIES } from './installation.js';

const compiler = process.env.CC || 'cc';

/** The value of a test's `skip` option: why fake libraries cannot be compiled here, or false. */
export const noFakeLibraries: string | false =
  process.platform !== 'linux' || process.arch !== 'x64'
    ? 'needs Linux on x86-64'
    : spawnSync(compiler, ['--version']).status !== 0 && 'needs a C compiler';

/** Every function of the C API that the backend declares. */
function functions(): string[] {
  const source = readFileSync(join(packageRoot, 'src/tensorflow/library.ts'), 'utf8');
  return [...new Set([...source.matchAll(/\bTFE?_[A-Za-z]+(?=\()/g)].map(([name]) => name))];
}

function compile(library: string, source: string): void {
  writeFileSync(`${library}.c`, source);
  execFileSync(compiler, ['-shared', '-fPIC', '-w', `${library}.c`, '-o', library]);
}

/**
 * Compiles both libraries. Every function returns 0, except TF_Version.
 *
 * @param atStart C that runs when the library is loaded
 * @param gpus number of devices that TensorFlow lists, all of them GPUs
 * @returns the folder
 */
export function compileFakeLibraries(
  directory: string,
  version: string,
  { atStart = '', gpus = 0 }: { atStart?: string; gpus?: number } = {},
): string {
  mkdirSync(directory, { recursive: true });
  const defined = ['TF_Version', 'TF_DeviceListCount', 'TF_DeviceListType'];
  const source = [
    '#include <signal.h>',
    '#include <unistd.h>',
    `const char *TF_Version(void) { return "${version}"; }`,
    `int TF_DeviceListCount(void) { return ${gpus}; }`,
    'const char *TF_DeviceListType(void) { return "GPU"; }',
    ...functions()
      .filter((name) => !defined.includes(name))
      .map((name) => `long ${name}(void) { return 0; }`),
    `__attribute__((constructor)) static void start(void) { ${atStart} }`,
  ].join('\n');
  const [framework, main] = LIBRARIES;
  compile(join(directory, framework), 'int framework;');
  compile(join(directory, main), source);
  return directory;
}

/**
 * Compiles a fake driver with one GPU.
 *
 * @returns the folder, for LD_LIBRARY_PATH
 */
export function compileFakeDriver(directory: string, name: string): string {
  mkdirSync(directory, { recursive: true });
  compile(
    join(directory, 'libcuda.so.1'),
    `#include <stdio.h>
    int cuInit(unsigned flags) { return 0; }
    int cuDeviceGetCount(int *count) { *count = 1; return 0; }
    int cuDeviceGetName(char *name, int bytes, int device) { snprintf(name, bytes, "${name}"); return 0; }
    int cuDeviceGetAttribute(int *value, int which, int device) { *value = which == 75 ? 9 : which == 76 ? 0 : -1; return 0; }`,
  );
  return directory;
}
