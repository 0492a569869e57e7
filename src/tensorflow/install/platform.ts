/** @file Which machines TensorFlow's wheels support, and the default variant. */

import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { UserError } from '../../errors.js';
import { hasNvidiaDriver } from '../gpu.js';
import type { Variant } from './installation.js';

/** The properties of a machine that wheels depend on. */
export interface Machine {
  readonly platform: string;
  readonly arch: string;
  /** Version of glibc; undefined with another C library, for example on Alpine. */
  readonly glibc: string | undefined;
}

/** This machine. */
export function thisMachine(): Machine {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return { platform: process.platform, arch: process.arch, glibc: report.header?.glibcVersionRuntime };
}

/**
 * Checks that this is Linux on x86-64 with glibc 2.27 or newer, as the wheel tag manylinux_2_27_x86_64 requires.
 *
 * @throws {UserError} E_BACKEND on other machines
 */
export function requireSupported({ platform, arch, glibc }: Machine): void {
  const [major = 0, minor = 0] = (glibc ?? '0.0').split('.').map(Number);
  if (platform === 'linux' && arch === 'x64' && (major > 2 || (major === 2 && minor >= 27))) return;
  const libc = platform !== 'linux' ? '' : glibc ? ` with glibc ${glibc}` : ' without glibc';
  throw new UserError(
    'E_BACKEND',
    `TensorFlow needs Linux on x86-64 with glibc 2.27 or newer, got ${platform} on ${arch}${libc}.`,
    { hint: 'Use `--backend native` or `--backend wasm`, which need no setup.' },
  );
}

/** CUDA if there is an NVIDIA driver. In WSL, nvidia-smi may be the only sign of it. */
export function defaultVariant(): Variant {
  return hasNvidiaDriver() || isOnPath('nvidia-smi') ? 'cuda' : 'cpu';
}

function isOnPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
}
