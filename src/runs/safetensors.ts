/** @file Named arrays in the safetensors format: a JSON header and raw little-endian data. Source: huggingface/safetensors. */

import { createHash } from 'node:crypto';
import { endianness } from 'node:os';
import { UserError } from '../errors.js';
import { readRegular, writeSynced } from '../files.js';
import type { NamedArray } from '../model/state.js';
import { RESTORE } from './progress.js';

const types = { F32: Float32Array, F64: Float64Array, I32: Int32Array } as const;
type TypeName = keyof typeof types;

interface Entry {
  readonly dtype: TypeName;
  readonly shape: readonly number[];
  /** The first byte and the end of the data, relative to the end of the header. */
  readonly data_offsets: readonly [number, number];
}

/**
 * Writes arrays and fsyncs the file. The widest type comes first, so that each array is aligned.
 *
 * @returns SHA-256 of the file, 64 hex digits
 */
export function writeSafetensors(path: string, arrays: ReadonlyMap<string, NamedArray>): string {
  if (endianness() !== 'LE')
    throw new UserError('E_IO', 'Checkpoints can be written on little-endian machines only.');
  const ordered = [...arrays].sort(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  const header: [string, Entry][] = [];
  let offset = 0;
  for (const [name, { shape, data }] of ordered) {
    header.push([name, { dtype: typeName(data), shape, data_offsets: [offset, offset + data.byteLength] }]);
    offset += data.byteLength;
  }
  const json = Buffer.from(JSON.stringify(Object.fromEntries(header)));
  const padding = ' '.repeat(-json.length & 7); // the format requires the data at a multiple of 8
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length + padding.length));
  const bytes = ordered.map(([, { data }]) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  const parts = [length, json, Buffer.from(padding), ...bytes];
  writeSynced(path, ...parts);
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

function typeName(data: NamedArray['data']): TypeName {
  return data instanceof Float32Array ? 'F32' : data instanceof Float64Array ? 'F64' : 'I32';
}

/**
 * Reads arrays. Each is a copy of its part of the file.
 *
 * @param sha256 the file's expected SHA-256; undefined if it was not recorded
 * @throws {UserError} E_CHECKPOINT if the file is missing, incomplete, changed or not in this format
 */
export function readSafetensors(path: string, sha256?: string): Map<string, NamedArray> {
  const damaged = (expected: string, got: string): UserError =>
    new UserError('E_CHECKPOINT', `${path}: expected ${expected}, got ${got}.`, {
      hint: RESTORE,
    });
  let file: Buffer;
  try {
    file = readRegular(path);
  } catch (error) {
    throw damaged('a readable file', (error as Error).message);
  }
  const headerBytes = file.length < 8 ? Number.NaN : Number(file.readBigUInt64LE());
  if (!(headerBytes <= file.length - 8))
    throw damaged('a safetensors header', `a file of ${file.length} bytes`);
  let header: unknown;
  try {
    header = JSON.parse(file.toString('utf8', 8, 8 + headerBytes));
  } catch (error) {
    throw damaged('a safetensors header in JSON', (error as Error).message);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    throw damaged('a safetensors header', JSON.stringify(header));
  const found = createHash('sha256').update(file).digest('hex');
  if (sha256 !== undefined && found !== sha256) {
    throw damaged(`the SHA-256 ${sha256.slice(0, 16)}… in progress.json`, `${found.slice(0, 16)}…`);
  }
  const data = file.subarray(8 + headerBytes);
  const arrays = new Map<string, NamedArray>();
  let total = 0;
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    if (!isEntry(entry)) throw damaged(`the type, shape and position of ${name}`, JSON.stringify(entry));
    const { dtype, shape, data_offsets: offsets } = entry;
    const type = types[dtype];
    const elements = shape.reduce((product, size) => product * size, 1);
    const [first, end] = offsets as [number, number];
    if (!type || end - first !== elements * type.BYTES_PER_ELEMENT) {
      throw damaged(`F32, F64 or I32 data for ${name}`, `${dtype} at bytes ${first} to ${end}`);
    }
    if (end > data.length) throw damaged(`${end} bytes of data`, `${data.length}`);
    total += end - first; // arrays that overlap would need more memory than the file
    if (total > data.length) throw damaged('arrays that do not overlap', `${total} bytes in ${data.length}`);
    const copy = Uint8Array.from(data.subarray(first, end));
    arrays.set(name, { shape, data: new type(copy.buffer) });
  }
  if (total !== data.length) throw damaged(`${total} bytes of data`, `${data.length}`);
  return arrays;
}

function isEntry(value: unknown): value is Entry {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Partial<Record<keyof Entry, unknown>>;
  return typeof dtype === 'string' && isCounts(shape) && isCounts(offsets) && offsets.length === 2;
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);
}
