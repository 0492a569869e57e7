/** @file Chooses the native kernel: the prebuilt one for this CPU, or one that the user built. */

import { fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { resolve as absolutePath, basename } from 'node:path';
import type { LibraryHandle } from 'koffi';
import { UserError } from '../../errors.js';
import { CANONICAL } from '../arithmetic.js';
import type { KernelReport, KernelRequest } from './check-kernel.js';
import { createFusedEngine } from './engine.js';
import { type CreateEngine, findDifferences, quickCases } from './golden.js';
import { cpuLevel, createNativeKernel, loadLibrary } from './native.js';
import { buildName, readPrebuilt } from './prebuilt.js';

/** A kernel that computes the canonical arithmetic on this machine. */
export interface NativeKernel {
  readonly library: LibraryHandle;
  /** Its file name and the first digits of its SHA-256. */
  readonly build: string;
}

const ENDINGS: Partial<Record<NodeJS.Platform, string>> = { linux: 'so', darwin: 'dylib', win32: 'dll' };

let opened: Promise<NativeKernel> | undefined;

/**
 * The native kernel for this machine. It is chosen and tested once per process.
 *
 * @throws {UserError} E_BACKEND if there is none, its file is damaged, or its results are wrong
 */
export function openNative(): Promise<NativeKernel> {
  opened ??= open();
  return opened;
}

async function open(): Promise<NativeKernel> {
  const userKernel = process.env.WNLSTM_KERNEL;
  if (userKernel) return openUserKernel(userKernel);
  const { library, build } = findPrebuilt();
  const create: CreateEngine = (input) => createFusedEngine(createNativeKernel(library), input);
  const differing = await findDifferences(create, CANONICAL, quickCases);
  if (differing.length > 0) throw wrongResults(build, differing, quickCases.length);
  return { library, build };
}

/** Tests the kernel that the user built, and loads it. */
async function openUserKernel(file: string): Promise<NativeKernel> {
  const path = absolutePath(file);
  const unusable = (reason: string): UserError =>
    new UserError('E_BACKEND', `Cannot use WNLSTM_KERNEL=${file}: ${reason.replace(/\.+$/, '')}.`, {
      hint: 'Unset WNLSTM_KERNEL to use the prebuilt kernel. To build one, see `wnlstm help development`.',
    });
  if (!existsSync(path)) throw unusable('no such file');
  const report = await testKernel(path);
  if ('error' in report) throw unusable(report.error);
  if (report.differing.length > 0) {
    throw unusable(
      `its results differ from the recorded ones in ${report.differing.length} of ${report.cases} test cases (${report.differing[0]}, …)`,
    );
  }
  return { library: loadLibrary(path), build: buildName(basename(path), readFileSync(path)) };
}

/** Tests an unknown kernel in a child process, because it may crash or hang. */
function testKernel(path: string): Promise<KernelReport> {
  return new Promise((resolve) => {
    const child = fork(new URL('./check-kernel.js', import.meta.url), {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      execArgv: [],
      timeout: 60_000,
    });
    child.once('message', (report) => resolve(report as KernelReport));
    child.once('error', (error) => resolve({ error: error.message }));
    child.once('exit', (code, signal) =>
      resolve({ error: `it crashed the test process (${signal ?? code})` }),
    );
    child.send({ path } satisfies KernelRequest, () => {}); // if the child has ended, `exit` reports it
  });
}

/** Loads the fastest prebuilt kernel that this CPU can run. */
function findPrebuilt(): NativeKernel {
  const { platform, arch } = process;
  const ending = ENDINGS[platform];
  if (!ending || (arch !== 'x64' && arch !== 'arm64')) {
    throw new UserError('E_BACKEND', `No prebuilt native kernel for ${platform} on ${arch}.`, {
      hint: 'Use `--backend wasm`, or build a kernel: `wnlstm help development` describes how.',
    });
  }
  if (arch === 'arm64') return loadPrebuilt(`${platform}-arm64.${ending}`);
  const kernel = loadPrebuilt(`${platform}-x64-avx2.${ending}`); // no AVX2 code runs when it is loaded
  const level = cpuLevel(kernel.library);
  if (level === 0) {
    throw new UserError(
      'E_BACKEND',
      'The native kernel needs a CPU with AVX2 and FMA; this CPU lacks them.',
      {
        hint: 'Use `--backend wasm`.',
      },
    );
  }
  return level === 2 && platform === 'linux' ? loadPrebuilt('linux-x64-avx512.so') : kernel;
}

function loadPrebuilt(name: string): { library: LibraryHandle; build: string } {
  const { path, build } = readPrebuilt(name);
  return { library: loadLibrary(path), build };
}

function wrongResults(build: string, differing: readonly string[], cases: number): UserError {
  return new UserError(
    'E_BACKEND',
    `The results of the native kernel ${build} differ from the recorded ones in ${differing.length} of ${cases} test cases (${differing[0]}, …).`,
    { hint: 'Use `--backend wasm`, and report this with the output of `wnlstm doctor --json`.' },
  );
}
