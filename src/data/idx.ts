/** @file Reads the IDX format of MNIST: four magic bytes, big-endian sizes, then unsigned bytes. Source: yann.lecun.com. */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';
import { asUserError, ioError, systemCode, UserError } from '../errors.js';

/** An array of bytes with a shape. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** More than any data set of this format, and than a buffer may hold everywhere. */
const MOST_BYTES = 4 * 2 ** 30 - 1;

/** Enough of a compressed file for the header of what is in it. */
const HEAD_BYTES = 4096;

/**
 * The bytes of a file, unpacked if they are gzipped whatever the file is called.
 *
 * @throws {UserError} E_DATA if it cannot be read or unpacked, or is larger than its header says
 */
export function readMaybeGzipped(path: string): Buffer {
  try {
    const raw = readWhole(path);
    return raw[0] === 0x1f && raw[1] === 0x8b ? unpack(raw, path) : raw;
  } catch (error) {
    if (error instanceof UserError) throw error;
    if (systemCode(error)?.startsWith('Z_'))
      throw damaged(path, `expected a whole gzip file, got a damaged one (${(error as Error).message})`);
    const known = systemCode(error) ? null : asUserError(error); // too little memory has no code
    const { message, hint } = known ?? ioError(`read ${path}`, error);
    throw new UserError('E_DATA', message, { hint, cause: error });
  }
}

/** A whole file; `readFileSync` takes at most 2 GiB. */
function readWhole(path: string): Buffer {
  const handle = openSync(path, 'r');
  try {
    const { size } = fstatSync(handle);
    if (size > MOST_BYTES)
      throw damaged(path, `expected at most 4 GiB, got ${(size / 2 ** 30).toFixed(1)} GiB`);
    const bytes = Buffer.allocUnsafe(size);
    let read = 0;
    for (let more = 1; read < size && more > 0; read += more) {
      more = readSync(handle, bytes, read, Math.min(size - read, 2 ** 30), read);
    }
    return bytes.subarray(0, read);
  } finally {
    closeSync(handle);
  }
}

function damaged(path: string, message: string): UserError {
  return new UserError('E_DATA', `${path}: ${message}.`, {
    hint: 'The file may be damaged: get it again, or leave --data out for the bundled MNIST.',
  });
}

/** Unpacks gzip, but no more than the header in it announces: a small file may unpack to any size. */
function unpack(raw: Buffer, path: string): Buffer {
  const head = gunzipSync(raw.subarray(0, HEAD_BYTES), { finishFlush: constants.Z_SYNC_FLUSH });
  const announced = announcedBytes(head);
  if (announced === null)
    throw damaged(path, 'expected a whole gzip file of an IDX file, got something else');
  if (announced > MOST_BYTES)
    throw damaged(
      path,
      `expected at most 4 GiB, its header announces ${(announced / 2 ** 30).toFixed(1)} GiB`,
    );
  try {
    return gunzipSync(raw, { maxOutputLength: announced });
  } catch (error) {
    if (systemCode(error) !== 'ERR_BUFFER_TOO_LARGE') throw error;
    throw damaged(path, `expected ${announced} bytes as its header announces, got more`);
  }
}

/** Bytes that an IDX header announces, itself included; null if it is none. */
function announcedBytes(head: Buffer): number | null {
  if (head.length < 4 || head.readUInt32BE(0) >>> 8 !== 0x08) return null;
  const rank = head[3];
  if (head.length < 4 + 4 * rank) return null;
  return (
    Array.from({ length: rank }, (_, axis) => head.readUInt32BE(4 + 4 * axis)).reduce(
      (product, size) => product * size,
      1,
    ) +
    4 +
    4 * rank
  );
}

/**
 * Parses an IDX file of unsigned bytes.
 *
 * @param buffer the unpacked file
 * @param rank expected number of dimensions: 3 for images `[count, rows, columns]`, 1 for labels `[count]`
 * @param path named in errors
 * @returns a view of `buffer`, not a copy
 * @throws {UserError} E_DATA on a wrong magic number or length
 */
export function parseIdx(buffer: Buffer, rank: number, path: string): IdxArray {
  const headerBytes = 4 + 4 * rank;
  if (buffer.length < headerBytes) {
    throw damaged(path, `expected an IDX header of ${headerBytes} bytes, got ${buffer.length} bytes in all`);
  }
  const magic = buffer.readUInt32BE(0);
  if (magic !== 0x0800 + rank) {
    const wanted = rank === 3 ? 'images (magic 2051)' : 'labels (magic 2049)';
    throw damaged(path, `expected an IDX file of ${wanted}, got magic ${magic}`);
  }
  const shape = Array.from({ length: rank }, (_, axis) => buffer.readUInt32BE(4 + 4 * axis));
  const length = shape.reduce((product, size) => product * size, 1);
  if (buffer.length !== headerBytes + length) {
    throw damaged(
      path,
      `expected ${length} bytes of data for ${shape.join(' x ')}, got ${buffer.length - headerBytes}`,
    );
  }
  return { shape, bytes: buffer.subarray(headerBytes) };
}
