/** @file Reads the IDX format of MNIST: four magic bytes, big-endian sizes, then unsigned bytes. Source: yann.lecun.com. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { asUserError, ioError, systemCode, UserError } from '../errors.js';

/** An array of bytes with a shape. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

const damaged = (path: string, message: string): UserError =>
  new UserError('E_DATA', `${path}: ${message}.`, {
    hint: 'The file may be damaged: get it again, or leave --data out for the bundled MNIST.',
  });

/**
 * The bytes of a file, unpacked if they are gzipped whatever the file is called.
 *
 * @throws {UserError} E_DATA if it cannot be read or unpacked
 */
export const readMaybeGzipped = (path: string): Buffer => {
  try {
    const raw = readFileSync(path);
    return raw[0] === 0x1f && raw[1] === 0x8b ? gunzipSync(raw) : raw;
  } catch (error) {
    if (systemCode(error)?.startsWith('Z_'))
      throw damaged(path, `expected a whole gzip file, got a damaged one (${(error as Error).message})`);
    const known = systemCode(error) ? null : asUserError(error); // too little memory has no code
    const { message, hint } = known ?? ioError(`read ${path}`, error);
    throw new UserError('E_DATA', message, { hint, cause: error });
  }
};

/**
 * Parses an IDX file of unsigned bytes.
 *
 * @param buffer the unpacked file
 * @param rank expected number of dimensions: 3 for images `[count, rows, columns]`, 1 for labels `[count]`
 * @param path named in errors
 * @returns a view of `buffer`, not a copy
 * @throws {UserError} E_DATA on a wrong magic number or length
 */
export const parseIdx = (buffer: Buffer, rank: number, path: string): IdxArray => {
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
};
