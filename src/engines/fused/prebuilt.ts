/** @file Reads the prebuilt kernels, which scripts/build-kernels.sh builds for every platform. */

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ioError, UserError } from '../../errors.js';
import { packageRoot } from '../../package.js';

/** The folder of the prebuilt kernels and of SHA256SUMS, which lists them. */
export const prebuiltDirectory = join(packageRoot, 'src/engines/fused/prebuilt');

/** A kernel file. */
export interface KernelFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Its name and the first digits of its SHA-256, as in run.json. */
  readonly build: string;
}

/**
 * Reads a prebuilt kernel and checks its SHA-256, because loading a truncated library crashes the process.
 *
 * @throws {UserError} E_BACKEND if there is no kernel of that name, or its file is damaged
 */
export function readPrebuilt(name: string): KernelFile {
  const path = join(prebuiltDirectory, name);
  if (!existsSync(path)) {
    throw new UserError('E_BACKEND', `There is no prebuilt kernel ${name} in ${prebuiltDirectory}.`, {
      hint: 'Install wnlstm again, or use `--backend wasm`.',
    });
  }
  const bytes = read(path);
  const sums = Buffer.from(read(join(prebuiltDirectory, 'SHA256SUMS'))).toString();
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (!sums.split('\n').includes(`${sha256}  ${name}`)) {
    throw new UserError(
      'E_BACKEND',
      `${path} is damaged: expected the SHA-256 in SHA256SUMS, got ${sha256}.`,
      {
        hint: 'Install wnlstm again.',
      },
    );
  }
  return { path, bytes, build: buildName(name, bytes) };
}

function read(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UserError('E_BACKEND', ioError(`read ${path}`, error).message, {
      hint: 'Install wnlstm again, or use another backend.',
      cause: error,
    });
  }
}

/** The name of a build: the file name and the first digits of its SHA-256. */
export function buildName(name: string, bytes: Uint8Array): string {
  return `${name} ${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}`;
}
