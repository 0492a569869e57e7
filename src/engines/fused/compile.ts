/** @file Compiles the kernel's C for this very CPU at first use, and keeps the result in a cache. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { arch, cpus, platform } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../errors.js';
import { makeDirectory } from '../../files.js';
import { cacheDirectory, packageRoot } from '../../package.js';

/** Where the kernel's source and the compiled wasm lie. */
export const kernelDirectory = join(packageRoot, 'src/engines/fused/kernel');

const FLAGS = [
  '-std=gnu11',
  '-O3',
  arch() === 'arm64' ? '-mcpu=native' : '-march=native',
  '-shared',
  '-pthread',
  '-fPIC',
  '-fvisibility=hidden',
  '-fno-math-errno',
  '-fno-trapping-math',
  '-ffp-contract=fast', // not -ffast-math: it assumes that there is no NaN
];

const compiler = (): string => process.env.CC || 'cc';

/** The first line of the compiler's version, or null if there is no compiler. */
export const compilerVersion = (): string | null => {
  const { status, stdout } = spawnSync(compiler(), ['--version'], { encoding: 'utf8' });
  return status === 0 ? (stdout.split('\n')[0] ?? '') : null;
};

/** What the CPU can do; `-march=native` gives other code on another one. */
const cpuIdentity = (): string => {
  const flags = existsSync('/proc/cpuinfo')
    ? /^(flags|Features)\s*:.*$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))
    : null;
  return `${arch()} ${cpus()[0]?.model} ${flags?.[0]}`;
};

const sources = (): string[] =>
  readdirSync(kernelDirectory)
    .filter((name) => /\.[ch]$/.test(name))
    .sort();

/** A compiled kernel on disk. */
export interface NativeLibrary {
  readonly path: string;
  /** Hash of source, flags, compiler and CPU. */
  readonly build: string;
}

/**
 * The kernel as a shared library, compiled now if the cache does not have it.
 *
 * @throws {UserError} E_BACKEND if there is no compiler, or it fails
 */
export const compileKernel = (): NativeLibrary => {
  const version = compilerVersion();
  if (version === null) {
    throw new UserError(
      'E_BACKEND',
      `The native backend expects a C compiler, found no working \`${compiler()}\`.`,
      {
        hint: 'Install one (Debian, Ubuntu: `apt install gcc`; macOS: `xcode-select --install`), or use `--backend wasm`.',
      },
    );
  }
  const identity = createHash('sha256').update([version, ...FLAGS, cpuIdentity()].join('\n'));
  for (const name of sources())
    identity.update(`\n${name}\n`).update(readFileSync(join(kernelDirectory, name)));
  const build = identity.digest('hex').slice(0, 16);
  const directory = join(cacheDirectory(), 'kernels');
  const path = join(directory, `${build}.${platform() === 'darwin' ? 'dylib' : 'so'}`);
  if (existsSync(path)) return { path, build };

  try {
    makeDirectory(directory);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError('E_BACKEND', error.message, {
      hint: 'Set XDG_CACHE_HOME to a folder that can be written, or use `--backend wasm`.',
      cause: error,
    });
  }
  const temporary = `${path}.${process.pid}`;
  const { status, stderr } = spawnSync(
    compiler(),
    [...FLAGS, join(kernelDirectory, 'step.c'), '-o', temporary],
    { encoding: 'utf8' },
  );
  if (status !== 0) {
    rmSync(temporary, { force: true });
    const reason = stderr.split('\n').find((line) => line.includes('error')) ?? stderr.trim();
    throw new UserError('E_BACKEND', `\`${compiler()}\` could not compile the native kernel: ${reason}.`, {
      hint: 'Set CC to another compiler (gcc 9 or clang 12 and newer), or use `--backend wasm`.',
    });
  }
  renameSync(temporary, path);
  return { path, build };
};
