/** @file The prebuilt kernels, as scripts/build-kernels.sh made them for every platform. */

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ioError, UserError } from '../../errors.js';
import { packageRoot } from '../../package.js';

/** Their folder, with a SHA256SUMS that lists them. */
export const prebuiltDirectory = join(packageRoot, 'src/engines/fused/prebuilt');

/** A file with a kernel in it. */
export interface KernelFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Its name and the first digits of its SHA-256, as run.json has it. */
  readonly build: string;
}

/**
 * Reads a prebuilt kernel. One that is not whole must never be loaded: a library cut short ends the process.
 *
 * @throws {UserError} E_BACKEND if there is none of that name, or it is not the file that was built
 */
export function readPrebuilt(name: string): KernelFile {
  const path = join(prebuiltDirectory, name);
  if (!existsSync(path)) {
    throw new UserError('E_BACKEND', `There is no prebuilt kernel ${name}.`, {
      hint: 'Use `--backend wasm`, or build a kernel yourself: see "Own kernels" in src/README.md.',
    });
  }
  const bytes = read(path);
  const sums = Buffer.from(read(join(prebuiltDirectory, 'SHA256SUMS'))).toString();
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (!sums.split('\n').includes(`${sha256}  ${name}`)) {
    throw new UserError('E_BACKEND', `${path} is damaged: its SHA-256 is not the one in SHA256SUMS.`, {
      hint: 'Run `npm ci` again, or install wnlstm anew.',
    });
  }
  return { path, bytes, build: buildName(name, bytes) };
}

function read(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UserError('E_BACKEND', ioError(`read ${path}`, error).message, {
      hint: 'Run `npm ci` again, or use another backend.',
      cause: error,
    });
  }
}

/** How a build is called. */
export function buildName(name: string, bytes: Uint8Array): string {
  return `${name} ${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}`;
}
