/** @file Links the libraries of a TensorFlow that is already on this machine, for example installed by pip. */

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
 * Links existing libraries into a staging folder.
 *
 * @param directory folder of TensorFlow's libraries; nvidia/ is in it or beside it
 * @param stage staging folder
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

/** Creates a hard link, which survives `pip uninstall`; or else a symbolic link, or else a copy. */
function linkOrCopy(from: string, to: string): void {
  makeDirectory(dirname(to));
  const othersCanWrite = (statSync(from).mode & 0o022) !== 0; // such a file is not loaded, but its copy is
  for (const attempt of othersCanWrite ? [] : [linkSync, symlinkSync]) {
    try {
      attempt(from, to);
      return;
    } catch (error) {
      if (systemCode(error) === 'ENOSPC') throw error; // other errors: the file system has no such links
    }
  }
  copyFileSync(from, to);
  syncFile(to);
}

/** Whether a library was built with CUDA: it then contains the search path of nvidia's libraries. */
export async function isCudaBuild(library: string): Promise<boolean> {
  const mark = Buffer.from('nvidia/cublas/lib');
  let tail: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(library, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    if (Buffer.concat([tail, chunk]).includes(mark)) return true;
    tail = chunk.subarray(-mark.length);
  }
  return false;
}
