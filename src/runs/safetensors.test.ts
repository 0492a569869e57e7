/** @file Laws of safetensors files: exact round trips, the published layout, and errors for every kind of damage. */

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { UserError } from '../errors.js';
import type { NamedArray } from '../model/state.js';
import { readSafetensors, writeSafetensors } from './safetensors.js';

const folder = mkdtempSync(join(tmpdir(), 'wnlstm-'));
after(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'model.safetensors');

const arrays: ReadonlyMap<string, NamedArray> = new Map<string, NamedArray>([
  ['lstm/w_x', { shape: [2, 3], data: Float32Array.of(1, -2.5, Math.fround(0.1), 1e-45, -0, 3.4e38) }],
  ['count', { shape: [], data: Int32Array.of(-(2 ** 31)) }],
  ['sums', { shape: [3], data: Float64Array.of(0.1, 5e-324, Number.MAX_VALUE) }],
  ['odd', { shape: [3], data: Int32Array.of(1, 2, 3) }],
  ['special', { shape: [2, 2], data: Float32Array.of(Number.NaN, Infinity, -Infinity, 0) }],
  ['empty', { shape: [0, 4], data: new Float32Array(0) }],
]);

/** A file with this header and this number of data bytes. */
function fileOf(header: string, dataBytes: number): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
  return Buffer.concat([length, Buffer.from(header), Buffer.alloc(dataBytes)]);
}

function headerOf(file: Buffer): { bytes: number; text: string } {
  const bytes = Number(file.readBigUInt64LE());
  return { bytes, text: file.toString('utf8', 8, 8 + bytes) };
}

function assertDamaged(bytes: Uint8Array, label: string): void {
  writeFileSync(path, bytes);
  assert.throws(
    () => readSafetensors(path),
    (error) => {
      assert.ok(error instanceof UserError, `${label}: ${error}`);
      assert.equal(error.code, 'E_CHECKPOINT');
      assert.ok(error.message.startsWith(`${path}: expected `), error.message);
      assert.ok(error.hint);
      return true;
    },
    label,
  );
}

/** Writes a file, replacing an existing one. */
function write(to: string, arrays: ReadonlyMap<string, NamedArray>): string {
  rmSync(to, { force: true });
  return writeSafetensors(to, arrays);
}

test('names, types, shapes and data are read exactly as they were written', () => {
  write(path, arrays);
  const read = readSafetensors(path);
  assert.deepEqual(new Set(read.keys()), new Set(arrays.keys()));
  for (const [name, { shape, data }] of arrays) {
    const array = read.get(name);
    assert.deepEqual(array?.shape, shape, name);
    assert.deepEqual(array?.data, data, name); // type, NaN and -0 included
  }
});

test('a file can contain no arrays', () => {
  write(path, new Map());
  assert.equal(readSafetensors(path).size, 0);
});

test('a view into a larger buffer is written without the rest of the buffer', () => {
  const data = Float32Array.of(0, 1, 2, 3, 4).subarray(1, 4);
  write(path, new Map([['view', { shape: [3], data }]]));
  assert.deepEqual(readSafetensors(path).get('view')?.data, Float32Array.of(1, 2, 3));
});

test('arrays that are read do not share memory', () => {
  write(path, arrays);
  const read = readSafetensors(path);
  const buffers = [...read.values()].map(({ data }) => data.buffer);
  assert.equal(new Set(buffers).size, read.size);
});

test('a file is a length, a JSON header and data without gaps, with each array aligned to its element size', () => {
  write(path, arrays);
  const file = readFileSync(path);
  const { bytes, text } = headerOf(file);
  assert.equal(bytes % 8, 0);
  assert.match(text, /^\{.*\} *$/);
  const header = JSON.parse(text) as Record<string, { dtype: string; data_offsets: [number, number] }>;
  let end = 0;
  for (const { dtype, data_offsets: offsets } of Object.values(header)) {
    assert.equal(offsets[0], end);
    assert.equal(offsets[0] % (Number(dtype.slice(1)) / 8), 0);
    end = offsets[1];
  }
  assert.equal(file.length, 8 + bytes + end);
  assert.deepEqual(header.sums, { dtype: 'F64', shape: [3], data_offsets: [0, 24] });
});

test('the size of the header is a multiple of eight bytes for names of any length', () => {
  for (const name of ['a', 'ab', 'abc', 'abcd', 'abcde', 'abcdef', 'abcdefg', 'abcdefgh']) {
    write(path, new Map([[name, { shape: [1], data: Float32Array.of(7) }]]));
    const file = readFileSync(path);
    assert.equal(headerOf(file).bytes % 8, 0, name);
    assert.equal(file.readFloatLE(8 + headerOf(file).bytes), 7, name);
  }
});

test('names can contain characters outside ASCII', () => {
  write(path, new Map([['β/größe', { shape: [1], data: Float32Array.of(7) }]]));
  assert.deepEqual(readSafetensors(path).get('β/größe')?.data, Float32Array.of(7));
});

test('a file from another program is read: with metadata, in any order, without padding', () => {
  const header = JSON.stringify({
    __metadata__: { format: 'pt' },
    b: { dtype: 'I32', shape: [1], data_offsets: [8, 12] },
    a: { dtype: 'F32', shape: [2, 1], data_offsets: [0, 8] },
  });
  const file = fileOf(header, 12);
  const data = 8 + Buffer.byteLength(header);
  file.writeFloatLE(1.5, data);
  file.writeFloatLE(-2, data + 4);
  file.writeInt32LE(-9, data + 8);
  writeFileSync(path, file);
  assert.deepEqual(
    readSafetensors(path),
    new Map<string, NamedArray>([
      ['b', { shape: [1], data: Int32Array.of(-9) }],
      ['a', { shape: [2, 1], data: Float32Array.of(1.5, -2) }],
    ]),
  );
});

test('a file is damaged if arrays overlap or leave gaps', () => {
  const array = (...data_offsets: number[]) => ({ dtype: 'F32', shape: [2], data_offsets });
  assertDamaged(fileOf(JSON.stringify({ a: array(0, 8), b: array(0, 8) }), 8), 'the same bytes');
  assertDamaged(fileOf(JSON.stringify({ a: array(8, 16) }), 16), 'a gap');
});

test('a file is damaged if it is truncated at any byte', () => {
  write(path, arrays);
  const intact = readFileSync(path);
  for (let length = 0; length < intact.length; length++)
    assertDamaged(intact.subarray(0, length), `${length} bytes`);
});

test('a file is damaged if its header is not JSON', () => {
  for (const text of ['', 'PK', '{', "{'a': 1}", '{"a": 1,}', '\0'.repeat(8)]) {
    assertDamaged(fileOf(text, 8), JSON.stringify(text));
  }
  assertDamaged(Buffer.from('<html>This is an error page</html>'), 'a web page');
  assertDamaged(Buffer.alloc(64, 0xff), 'a length greater than the file');
});

test('a file is damaged if its header is JSON but not an object', () => {
  for (const text of ['null', '5', '"text"', '[]', '[1]']) assertDamaged(fileOf(text, 8), text);
});

test('a file is damaged if an entry of its header is incomplete or invalid', () => {
  const good = { dtype: 'F32', shape: [2], data_offsets: [0, 8] };
  const bad: unknown[] = [
    null,
    5,
    'F32',
    [],
    {},
    { ...good, dtype: undefined },
    { ...good, dtype: 'F16' },
    { ...good, dtype: 'toString' },
    { ...good, shape: undefined },
    { ...good, shape: null },
    { ...good, shape: 2 },
    { ...good, shape: [3] },
    { ...good, shape: [-1, -2] },
    { ...good, shape: ['2'] },
    { ...good, data_offsets: undefined },
    { ...good, data_offsets: 8 },
    { ...good, data_offsets: [0] },
    { ...good, data_offsets: [0, 7] },
    { ...good, data_offsets: [4, 12] },
    { ...good, data_offsets: [-8, 0] },
    { ...good, data_offsets: [0.5, 8.5] },
    { ...good, data_offsets: ['0', '8'] },
  ];
  for (const entry of bad) {
    const text = JSON.stringify({ a: entry });
    assertDamaged(fileOf(text, 8), text);
  }
});

test('a wrong byte anywhere before the data causes E_CHECKPOINT or consistent arrays, but no other error', () => {
  const small = new Map([['w', { shape: [2, 1], data: Float32Array.of(1, 2) }]]);
  write(path, small);
  const intact = readFileSync(path);
  for (let at = 0; at < intact.length - 8; at++) {
    for (const value of [0, 0x20, 0x2d, 0x39, 0x7d]) {
      const damaged = Buffer.from(intact);
      damaged[at] = value;
      writeFileSync(path, damaged);
      try {
        for (const { shape, data } of readSafetensors(path).values()) {
          assert.equal(
            data.length,
            shape.reduce((product, size) => product * size, 1),
          );
        }
      } catch (error) {
        assert.ok(error instanceof UserError, `byte ${at} = ${value}: ${error}`);
        assert.equal(error.code, 'E_CHECKPOINT');
      }
    }
  }
});

test('reading a missing file is an E_CHECKPOINT error, and writing to a missing folder is an E_IO error', () => {
  assert.throws(() => readSafetensors(join(folder, 'absent')), { code: 'E_CHECKPOINT' });
  assert.throws(() => write(join(folder, 'absent/x'), arrays), { code: 'E_IO' });
});
