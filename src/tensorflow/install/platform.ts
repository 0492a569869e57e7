/** @file Which machines TensorFlow's wheels are for, and which variant fits this one. */

import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { UserError } from '../../errors.js';
import { hasNvidiaDriver } from '../gpu.js';
import type { Variant } from './installation.js';

/** What a machine is, as far as a wheel asks. */
export interface Machine {
  readonly platform: string;
  readonly arch: string;
  /** Version of the GNU C library; undefined where there is another one, as on Alpine. */
  readonly glibc: string | undefined;
}

/** This machine. */
export function thisMachine(): Machine {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return { platform: process.platform, arch: process.arch, glibc: report.header?.glibcVersionRuntime };
}

/**
 * Lets Linux on x86-64 with glibc 2.27 or newer pass, which is what the tag manylinux_2_27_x86_64 says.
 *
 * @throws {UserError} E_BACKEND on any other machine
 */
export function requireSupported({ platform, arch, glibc }: Machine): void {
  const [major, minor] = (glibc ?? '0.0').split('.').map(Number);
  if (platform === 'linux' && arch === 'x64' && (major > 2 || (major === 2 && minor >= 27))) return;
  const libc = platform !== 'linux' ? '' : glibc ? ` with glibc ${glibc}` : ' without glibc';
  throw new UserError(
    'E_BACKEND',
    `TensorFlow's libraries are for Linux on x86-64 with glibc 2.27 or newer; this is ${platform} on ${arch}${libc}.`,
    { hint: 'Use `--backend native`, or `--backend wasm`, which need no setup.' },
  );
}

/** CUDA where an NVIDIA driver is; under WSL only its program shows. */
export function defaultVariant(): Variant {
  return hasNvidiaDriver() || isOnPath('nvidia-smi') ? 'cuda' : 'cpu';
}

function isOnPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
}
