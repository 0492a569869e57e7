/** @file Unpacks what is needed of a wheel, streaming (one library is a gigabyte), and checks each file's SHA-256. */

import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { ioError, systemCode, UserError } from '../../errors.js';
import { makeDirectory, syncFile } from '../../files.js';
import { neededPath, nvidiaRequirements, PINNED, parseRecord } from './wheel.js';

/**
 * A wheel's SHA-256, held against the pinned one if it is ours.
 *
 * @throws {UserError} E_DATA if it is another; E_IO if it cannot be read
 */
export async function wheelHash(wheel: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(wheel, { highWaterMark: 1 << 20 }), hash, { signal });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw ioError(`read ${wheel}`, error);
  }
  const actual = hash.digest('hex');
  const expected = PINNED[basename(wheel)];
  if (expected && actual !== expected) throw damaged(wheel, `SHA-256 ${actual} instead of ${expected}`);
  return actual;
}

function damaged(wheel: string, reason: string, cause?: unknown): UserError {
  return new UserError('E_DATA', `Expected a whole wheel at ${wheel}, got: ${reason.replace(/\.$/, '')}.`, {
    hint: 'The download was cut short or changed; delete the file, then fetch it again.',
    cause,
  });
}

/**
 * The nvidia wheels that TensorFlow's wheel names.
 *
 * @returns requirements as pip takes them
 * @throws {UserError} E_DATA if the wheel is damaged; E_IO if it cannot be read
 */
export function readRequirements(wheel: string): Promise<string[]> {
  return withWheel(wheel, undefined, async (_zip, _entries, text) =>
    nvidiaRequirements(await text('METADATA')),
  );
}

/** Opens a wheel for a task, and turns what goes wrong with it into words. */
async function withWheel<T>(
  wheel: string,
  signal: AbortSignal | undefined,
  task: (zip: ZipFile, entries: Map<string, Entry>, text: (about: string) => Promise<string>) => Promise<T>,
): Promise<T> {
  const zip = await open(wheel);
  try {
    const entries = await entriesOf(zip);
    return await task(zip, entries, async (about) => {
      const entry = entries.get(about);
      if (!entry) throw damaged(wheel, `no ${about} in it`);
      return (await buffer(await zip.openReadStreamPromise(entry))).toString('utf8');
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    if (error instanceof UserError) throw error.code === 'E_IO' ? cacheError('', error) : error;
    if (isSystemError(error)) throw cacheError(`unpack ${wheel}`, error);
    throw damaged(wheel, (error as Error).message, error);
  } finally {
    zip.close();
  }
}

async function open(wheel: string): Promise<ZipFile> {
  try {
    return await openPromise(wheel, { lazyEntries: true, autoClose: false });
  } catch (error) {
    if (isSystemError(error)) throw ioError(`read ${wheel}`, error);
    throw damaged(wheel, (error as Error).message, error);
  }
}

/** Errors of the zip reader and of zlib are the wheel's; those of the system are the disk's. */
function isSystemError(error: unknown): boolean {
  return /^E[A-Z]+$/.test(systemCode(error) ?? '');
}

/** The entries that matter, by path. */
async function entriesOf(zip: ZipFile): Promise<Map<string, Entry>> {
  const found = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) {
    const { fileName } = entry;
    const about = /^[^/]+\.dist-info\/(RECORD|METADATA)$/.exec(fileName)?.[1];
    if (about) found.set(about, entry);
    else if (neededPath(fileName)) found.set(fileName, entry);
  }
  return found;
}

/**
 * Unpacks the needed files of a wheel.
 *
 * @param directory to put them in, made if it is not there
 * @returns bytes of each file, by its path within the installation
 * @throws {UserError} E_DATA if the wheel is damaged; E_IO if something cannot be read or written
 */
export function unpackWheel(
  wheel: string,
  directory: string,
  signal?: AbortSignal,
): Promise<Record<string, number>> {
  return withWheel(wheel, signal, async (zip, entries, text) => {
    const digests = parseRecord(await text('RECORD'));
    const files: Record<string, number> = {};
    for (const [name, entry] of entries) {
      const place = neededPath(name);
      if (!place) continue;
      const path = join(directory, place);
      makeDirectory(dirname(path));
      const { bytes, digest } = await extract(await zip.openReadStreamPromise(entry), path, signal);
      if (digests.get(name) !== digest) throw damaged(wheel, `other bytes in ${name} than its RECORD says`);
      files[place] = bytes;
    }
    return files;
  });
}

/** Writes one file; its length and CRC are the zip's, its hash is held against the RECORD's. */
async function extract(
  source: Readable,
  path: string,
  signal?: AbortSignal,
): Promise<{ bytes: number; digest: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  await pipeline(
    source,
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        bytes += chunk.length;
        yield chunk;
      }
    },
    createWriteStream(path, { flags: 'wx', highWaterMark: 1 << 20 }),
    { signal },
  );
  syncFile(path);
  return { bytes, digest: hash.digest('base64url') };
}

/** An operation on the cache that failed, with the way to another cache. */
export function cacheError(action: string, error: unknown): UserError {
  const { message } = error instanceof UserError ? error : ioError(action, error);
  const full = message.includes('the disk is full');
  return new UserError('E_IO', message, {
    hint: `${full ? 'Free some space there' : 'Make it writable'}, or set XDG_CACHE_HOME to another folder.`,
    cause: error,
  });
}
