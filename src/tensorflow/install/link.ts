/** @file Uses the libraries of a TensorFlow that is on this machine already, such as one that pip installed. */

import {
  copyFileSync,
  createReadStream,
  existsSync,
  linkSync,
  readdirSync,
  realpathSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { systemCode } from '../../errors.js';
import { makeDirectory, syncFile } from '../../files.js';
import { BUILD_INFO, LIBRARIES, type Manifest } from './installation.js';
import { nvidiaFolder } from './source.js';
import { cacheError } from './unpack.js';
import { neededPath } from './wheel.js';

/**
 * Takes libraries that are on this machine already.
 *
 * @param directory has TensorFlow's two; nvidia's lie in it or beside it
 * @param stage gets links to them
 * @throws {UserError} E_IO if they cannot be linked
 */
export function linkLibraries(directory: string, stage: string): Pick<Manifest, 'files' | 'wheels'> {
  const nvidia = nvidiaFolder(directory);
  const places = new Map<string, string>(LIBRARIES.map((name) => [name, join(directory, name)]));
  const buildInfo = join(directory, 'python/platform', BUILD_INFO);
  if (existsSync(buildInfo)) places.set(BUILD_INFO, buildInfo);
  for (const name of nvidia ? readdirSync(nvidia, { recursive: true, encoding: 'utf8' }) : []) {
    const place = neededPath(`nvidia/${name}`);
    if (nvidia && place) places.set(place, join(nvidia, name));
  }
  const files: Record<string, number> = {};
  for (const [place, path] of places) {
    try {
      linkOrCopy(realpathSync(path), join(stage, place));
    } catch (error) {
      throw cacheError(`link ${path}`, error);
    }
    files[place] = statSync(path).size;
  }
  return { files, wheels: {} };
}

/** Another name for a file: a hard link, which outlives the other; else a symbolic one; else a copy. */
function linkOrCopy(from: string, to: string): void {
  makeDirectory(dirname(to));
  const sharedFile = (statSync(from).mode & 0o022) !== 0; // what others can write to is not loaded as code
  for (const attempt of sharedFile ? [] : [linkSync, symlinkSync]) {
    try {
      attempt(from, to);
      return;
    } catch (error) {
      if (systemCode(error) === 'ENOSPC') throw error; // else this file system has no such links
    }
  }
  copyFileSync(from, to);
  syncFile(to);
}

/** Whether a library was built with CUDA: it then says where to look for nvidia's. */
export async function isCudaBuild(library: string): Promise<boolean> {
  const mark = Buffer.from('nvidia/cublas/lib');
  let tail: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(library, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    if (Buffer.concat([tail, chunk]).includes(mark)) return true;
    tail = chunk.subarray(-mark.length);
  }
  return false;
}
