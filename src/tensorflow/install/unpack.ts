/** @file Unpacks the needed files of a wheel as streams (one library is a gigabyte) and checks the SHA-256 of each. */

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
 * Computes the SHA-256 of a wheel, and compares it with the pinned one, if any.
 *
 * @throws {UserError} E_DATA if they differ; E_IO if the wheel cannot be read
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
  if (expected && actual !== expected) throw damaged(wheel, `its SHA-256 is ${actual}, expected ${expected}`);
  return actual;
}

function damaged(wheel: string, reason: string, cause?: unknown): UserError {
  return new UserError('E_DATA', `The wheel ${wheel} is damaged: ${reason.replace(/\.$/, '')}.`, {
    hint: 'Delete the file and download it again.',
    cause,
  });
}

/**
 * Reads the nvidia requirements of TensorFlow's wheel.
 *
 * @returns requirement specifiers for pip
 * @throws {UserError} E_DATA if the wheel is damaged; E_IO if it cannot be read
 */
export function readRequirements(wheel: string): Promise<string[]> {
  return withWheel(wheel, undefined, async (_zip, _entries, metadata) =>
    nvidiaRequirements(await metadata('METADATA')),
  );
}

/** Opens a wheel for a task, and explains its errors. */
async function withWheel<T>(
  wheel: string,
  signal: AbortSignal | undefined,
  task: (
    zip: ZipFile,
    entries: Map<string, Entry>,
    metadata: (name: string) => Promise<string>,
  ) => Promise<T>,
): Promise<T> {
  const zip = await open(wheel);
  try {
    const entries = await entriesOf(zip);
    return await task(zip, entries, async (name) => {
      const entry = entries.get(name);
      if (!entry) throw damaged(wheel, `it has no ${name}`);
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

/** Whether an error came from the operating system, and not from the zip reader or zlib. */
function isSystemError(error: unknown): boolean {
  return /^E[A-Z]+$/.test(systemCode(error) ?? '');
}

/** The needed entries by path, and RECORD and METADATA by name. */
async function entriesOf(zip: ZipFile): Promise<Map<string, Entry>> {
  const found = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) {
    const { fileName } = entry;
    const metadata = /^[^/]+\.dist-info\/(RECORD|METADATA)$/.exec(fileName)?.[1];
    if (metadata) found.set(metadata, entry);
    else if (neededPath(fileName)) found.set(fileName, entry);
  }
  return found;
}

/**
 * Unpacks the needed files of a wheel.
 *
 * @param directory target folder, created if it does not exist
 * @returns size of each file in bytes, by its path in the installation
 * @throws {UserError} E_DATA if the wheel is damaged; E_IO if something cannot be read or written
 */
export function unpackWheel(
  wheel: string,
  directory: string,
  signal?: AbortSignal,
): Promise<Record<string, number>> {
  return withWheel(wheel, signal, async (zip, entries, metadata) => {
    const digests = parseRecord(await metadata('RECORD'));
    const files: Record<string, number> = {};
    for (const [name, entry] of entries) {
      const place = neededPath(name);
      if (!place) continue;
      const path = join(directory, place);
      makeDirectory(dirname(path));
      const { bytes, digest } = await extract(await zip.openReadStreamPromise(entry), path, signal);
      if (digests.get(name) !== digest)
        throw damaged(wheel, `the SHA-256 of ${name} differs from its RECORD`);
      files[place] = bytes;
    }
    return files;
  });
}

/** Writes one file and computes its hash. */
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

/** The error of a failed operation in the cache, with a hint to XDG_CACHE_HOME. */
export function cacheError(action: string, error: unknown): UserError {
  const { message } = error instanceof UserError ? error : ioError(action, error);
  const isFull = message.includes('the disk is full');
  return new UserError('E_IO', message, {
    hint: `${isFull ? 'Free some space there' : 'Make it writable'}, or set XDG_CACHE_HOME to another folder.`,
    cause: error,
  });
}
