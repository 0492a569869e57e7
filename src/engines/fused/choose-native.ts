/** @file Which native kernel this machine gets: the prebuilt one for its CPU, or one that the user built. */

import { fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { LibraryHandle } from 'koffi';
import { UserError } from '../../errors.js';
import { CANONICAL } from '../arithmetic.js';
import type { KernelReport, KernelRequest } from './check-kernel.js';
import { buildName, readPrebuilt } from './files.js';
import { findDifferences, quickCases } from './golden.js';
import { cpuLevel, createNativeKernel, loadLibrary } from './native.js';

/** A kernel that computes the canonical arithmetic on this machine. */
export interface NativeKernel {
  readonly library: LibraryHandle;
  /** Its file and the first digits of its SHA-256. */
  readonly build: string;
}

const ENDINGS: Partial<Record<NodeJS.Platform, string>> = { linux: 'so', darwin: 'dylib', win32: 'dll' };

let opened: Promise<NativeKernel> | undefined;

/**
 * The native kernel for this machine; looked for and tried once.
 *
 * @throws {UserError} E_BACKEND if there is none, its file is damaged, or it computes something else
 */
export function openNative(): Promise<NativeKernel> {
  opened ??= open();
  return opened;
}

async function open(): Promise<NativeKernel> {
  const own = process.env.WNLSTM_KERNEL;
  if (own) return openOwn(own);
  const { library, build } = findPrebuilt();
  const differing = await findDifferences(() => createNativeKernel(library), CANONICAL, quickCases);
  if (differing.length > 0) throw wrongResults(build, differing, quickCases.length);
  return { library, build };
}

/** The kernel that the user built, if it passes. */
async function openOwn(file: string): Promise<NativeKernel> {
  const path = resolve(file);
  const bad = (reason: string): UserError =>
    new UserError('E_BACKEND', `WNLSTM_KERNEL=${file} cannot be used: ${reason.replace(/\.+$/, '')}.`, {
      hint: 'See "Own kernels" in src/README.md for how to build one, or unset WNLSTM_KERNEL.',
    });
  if (!existsSync(path)) throw bad('there is no such file');
  const report = await tryKernel(path);
  if ('error' in report) throw bad(report.error);
  if (report.differing.length > 0) {
    throw bad(
      `it gives other results than were recorded, in ${report.differing.length} of ${report.cases} small trainings (${report.differing[0]}, …)`,
    );
  }
  return { library: loadLibrary(path), build: buildName(basename(path), readFileSync(path)) };
}

/** Tries a kernel of unknown origin in a process of its own: it may end it, or hang. */
function tryKernel(path: string): Promise<KernelReport> {
  return new Promise((found) => {
    const child = fork(new URL('./check-kernel.js', import.meta.url), {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      execArgv: [],
      timeout: 60_000,
    });
    child.once('message', (report) => found(report as KernelReport));
    child.once('error', (error) => found({ error: error.message }));
    child.once('exit', (code, signal) => found({ error: `it ended the process (${signal ?? code})` }));
    child.send({ path } satisfies KernelRequest, () => {}); // a child that ended has said so by `exit`
  });
}

/** The fastest prebuilt kernel that this CPU can run. */
function findPrebuilt(): NativeKernel {
  const { platform, arch } = process;
  const ending = ENDINGS[platform];
  if (!ending || (arch !== 'x64' && arch !== 'arm64')) {
    throw new UserError('E_BACKEND', `There is no prebuilt kernel for ${platform} on ${arch}.`, {
      hint: 'Use `--backend wasm`, or build a kernel yourself: see "Own kernels" in src/README.md.',
    });
  }
  if (arch === 'arm64') return loadPrebuilt(`${platform}-arm64.${ending}`);
  const kernel = loadPrebuilt(`${platform}-x64-avx2.${ending}`); // its code runs only when it is called
  const level = cpuLevel(kernel.library);
  if (level === 0) {
    throw new UserError(
      'E_BACKEND',
      'The native kernel needs a CPU with AVX2 and FMA; this one has not both.',
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

function wrongResults(build: string, differing: readonly string[], of: number): UserError {
  return new UserError(
    'E_BACKEND',
    `The native kernel ${build} gives other results than were recorded, in ${differing.length} of ${of} small trainings (${differing[0]}, …).`,
    { hint: 'Use `--backend wasm`, and please report this with the output of `wnlstm doctor`.' },
  );
}
