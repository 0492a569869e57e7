/** @file Fetches MNIST from an http mirror through `mnist-dataset`, and takes nothing that is not MNIST. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipUrl } from 'mnist-dataset';
import { UserError } from '../errors.js';
import { makeDirectory, replaceFile } from '../files.js';
import { mnistFiles, sha256 } from './mnist.js';

/** One file, as it was found or fetched. */
export interface Fetched {
  readonly name: string;
  readonly bytes: number;
  /** False if a right one was there already. */
  readonly fetched: boolean;
}

/** Rejects if the promise has not settled in time. */
const within = async <T>(limitMs: number, promise: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing whole within ${limitMs / 1000} s`)), limitMs);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
};

/**
 * Fetches the four files of MNIST, unpacked, each checked against its SHA-256 before it gets its name.
 *
 * @param mirror http address of a folder with `train-images-idx3-ubyte.gz` and the other three
 * @param directory to put them in, made if it is not there; right files that are there already stay
 * @param limitMs a download may take; `gunzipUrl` never settles if its connection breaks
 * @throws {UserError} E_DATA if a download fails or is not MNIST; E_IO if it cannot be written
 */
export async function* fetchMnist(
  mirror: string,
  directory: string,
  limitMs = 120_000,
): AsyncGenerator<Fetched> {
  if (!/^http:\/\//.test(mirror)) {
    throw new UserError('E_USAGE', `Expected an address that starts with http://, got ${mirror}.`, {
      hint: 'The package mnist-dataset fetches over plain http; the SHA-256 of each file is checked, so that is safe.',
    });
  }
  makeDirectory(directory);
  for (const [name, expected] of Object.entries(mnistFiles)) {
    const path = join(directory, name);
    if (existsSync(path) && sha256(readFileSync(path)) === expected) {
      yield { name, bytes: readFileSync(path).length, fetched: false };
      continue;
    }
    const url = `${mirror.replace(/\/$/, '')}/${name}.gz`;
    let bytes: Buffer;
    try {
      bytes = await within(limitMs, gunzipUrl(url));
    } catch (error) {
      throw new UserError('E_DATA', `Expected a gzip file at ${url}, got: ${(error as Error).message}.`, {
        hint: "Open the address in a browser: does the mirror have MNIST's four .gz files? Without a mirror, the bundled MNIST is there.",
        cause: error,
      });
    }
    const actual = sha256(bytes);
    if (actual !== expected) {
      throw new UserError('E_DATA', `${url}: expected SHA-256 ${expected}, got ${actual}.`, {
        hint: 'The mirror has something else than MNIST, or the download was cut short; nothing was kept.',
      });
    }
    replaceFile(path, bytes);
    yield { name, bytes: bytes.length, fetched: true };
  }
}
