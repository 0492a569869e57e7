/** @file Reads the IDX format of MNIST: four magic bytes, big-endian sizes, unsigned bytes. Defined at yann.lecun.com. */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';
import { asUserError, ioError, systemCode, UserError } from '../errors.js';

/** An array of bytes with a shape. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** The size limit of a file: Node's limit for a buffer on all platforms. */
const MAX_BYTES = 4 * 2 ** 30 - 1;

/** The first bytes of a gzip file, enough to unpack the IDX header. */
const HEAD_BYTES = 4096;

/**
 * Reads a file, and unpacks it if its content is gzip, whatever its name.
 *
 * @throws {UserError} E_DATA if it cannot be read or unpacked, or is larger than its header states
 */
export function readMaybeGzipped(path: string): Buffer {
  try {
    return unpackIfGzip(readAll(path), path);
  } catch (error) {
    if (error instanceof UserError) throw error;
    const known = systemCode(error) ? null : asUserError(error); // out of memory has no code
    const { message, hint } = known ?? ioError(`read ${path}`, error);
    throw new UserError('E_DATA', message, { hint, cause: error });
  }
}

/**
 * Unpacks the bytes of an IDX file if they are gzip.
 *
 * @param path path of the file, for errors
 * @throws {UserError} E_DATA if they cannot be unpacked, or are more than their header states
 */
export function unpackIfGzip(raw: Buffer, path: string): Buffer {
  if (raw[0] !== 0x1f || raw[1] !== 0x8b) return raw;
  try {
    return unpack(raw, path);
  } catch (error) {
    if (!systemCode(error)?.startsWith('Z_')) throw error;
    throw damaged(path, `expected a complete gzip file, got a damaged one (${(error as Error).message})`);
  }
}

/** Reads a file of up to 4 GiB; `readFileSync` has a limit of 2 GiB. */
function readAll(path: string): Buffer {
  const handle = openSync(path, 'r');
  try {
    const { size } = fstatSync(handle);
    if (size > MAX_BYTES)
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
    hint: 'The file may be damaged. Download it again, or omit --data to use the bundled MNIST.',
  });
}

/** Unpacks gzip up to the size in the IDX header, because a small file could unpack to any size. */
function unpack(raw: Buffer, path: string): Buffer {
  const head = gunzipSync(raw.subarray(0, HEAD_BYTES), { finishFlush: constants.Z_SYNC_FLUSH });
  const size = sizeInHeader(head);
  if (size === null) throw damaged(path, 'expected a complete gzip file of an IDX file, got other data');
  if (size > MAX_BYTES)
    throw damaged(path, `expected at most 4 GiB, but its header states ${(size / 2 ** 30).toFixed(1)} GiB`);
  try {
    return gunzipSync(raw, { maxOutputLength: size });
  } catch (error) {
    if (systemCode(error) !== 'ERR_BUFFER_TOO_LARGE') throw error;
    throw damaged(path, `expected ${size} bytes as its header states, got more`);
  }
}

/** The file size that an IDX header states; null if it is not an IDX header. */
function sizeInHeader(head: Buffer): number | null {
  if (head.length < 4 || head.readUInt32BE(0) >>> 8 !== 0x08) return null;
  const rank = head.readUInt8(3);
  const headerBytes = 4 + 4 * rank;
  return head.length < headerBytes ? null : headerBytes + elementsOf(readShape(head, rank));
}

function readShape(head: Buffer, rank: number): number[] {
  return Array.from({ length: rank }, (_, axis) => head.readUInt32BE(4 + 4 * axis));
}

function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/**
 * Parses an IDX file of unsigned bytes.
 *
 * @param buffer content of the unpacked file
 * @param rank expected number of dimensions: 3 for images `[count, rows, columns]`, 1 for labels `[count]`
 * @param path path of the file, for errors
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
    const kind = rank === 3 ? 'images (magic 2051)' : 'labels (magic 2049)';
    throw damaged(path, `expected an IDX file of ${kind}, got magic ${magic}`);
  }
  const shape = readShape(buffer, rank);
  const length = elementsOf(shape);
  if (buffer.length !== headerBytes + length) {
    throw damaged(
      path,
      `expected ${length} bytes of data for ${shape.join(' x ')}, got ${buffer.length - headerBytes}`,
    );
  }
  return { shape, bytes: buffer.subarray(headerBytes) };
}
