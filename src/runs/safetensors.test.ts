/** @file Safetensors files: exact round trips, the published layout, and damage of every kind. */

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

/** A file with this header and so many bytes of data. */
function fileOf(header: string, dataBytes: number): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
  return Buffer.concat([length, Buffer.from(header), Buffer.alloc(dataBytes)]);
}

function headerOf(file: Buffer): { bytes: number; text: string } {
  const bytes = Number(file.readBigUInt64LE());
  return { bytes, text: file.toString('utf8', 8, 8 + bytes) };
}

function refuses(bytes: Uint8Array, what: string): void {
  writeFileSync(path, bytes);
  assert.throws(
    () => readSafetensors(path),
    (error) => {
      assert.ok(error instanceof UserError, `${what}: ${error}`);
      assert.equal(error.code, 'E_CHECKPOINT');
      assert.ok(error.message.startsWith(`${path}: expected `), error.message);
      assert.ok(error.hint);
      return true;
    },
    what,
  );
}

/** Writes a file anew. */
function write(to: string, arrays: ReadonlyMap<string, NamedArray>): string {
  rmSync(to, { force: true });
  return writeSafetensors(to, arrays);
}

test('what was written is read: names, types, shapes and every bit', () => {
  write(path, arrays);
  const read = readSafetensors(path);
  assert.deepEqual(new Set(read.keys()), new Set(arrays.keys()));
  for (const [name, { shape, data }] of arrays) {
    const array = read.get(name);
    assert.deepEqual(array?.shape, shape, name);
    assert.deepEqual(array?.data, data, name); // type, NaN and -0 included
  }
});

test('no arrays at all are a file, too', () => {
  write(path, new Map());
  assert.equal(readSafetensors(path).size, 0);
});

test('a view into a larger buffer is written as what it shows', () => {
  const data = Float32Array.of(0, 1, 2, 3, 4).subarray(1, 4);
  write(path, new Map([['view', { shape: [3], data }]]));
  assert.deepEqual(readSafetensors(path).get('view')?.data, Float32Array.of(1, 2, 3));
});

test('what is read does not share memory with anything', () => {
  write(path, arrays);
  const read = readSafetensors(path);
  const buffers = [...read.values()].map(({ data }) => data.buffer);
  assert.equal(new Set(buffers).size, read.size);
});

test('the file is a length, a JSON header, and gapless data, each array at a multiple of its width', () => {
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

test('the header fills a multiple of eight bytes for names of any length', () => {
  for (const name of ['a', 'ab', 'abc', 'abcd', 'abcde', 'abcdef', 'abcdefg', 'abcdefgh']) {
    write(path, new Map([[name, { shape: [1], data: Float32Array.of(7) }]]));
    const file = readFileSync(path);
    assert.equal(headerOf(file).bytes % 8, 0, name);
    assert.equal(file.readFloatLE(8 + headerOf(file).bytes), 7, name);
  }
});

test('names beyond ASCII survive', () => {
  write(path, new Map([['β/größe', { shape: [1], data: Float32Array.of(7) }]]));
  assert.deepEqual(readSafetensors(path).get('β/größe')?.data, Float32Array.of(7));
});

test('a file that another program wrote is read: metadata, any order, no padding', () => {
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

test('arrays that share bytes, or leave bytes out, are damage', () => {
  const array = (...data_offsets: number[]) => ({ dtype: 'F32', shape: [2], data_offsets });
  refuses(fileOf(JSON.stringify({ a: array(0, 8), b: array(0, 8) }), 8), 'the same bytes');
  refuses(fileOf(JSON.stringify({ a: array(8, 16) }), 16), 'a hole');
});

test('a file cut anywhere is damaged', () => {
  write(path, arrays);
  const whole = readFileSync(path);
  for (let length = 0; length < whole.length; length++) refuses(whole.subarray(0, length), `${length} bytes`);
});

test('a header that is not JSON is damaged', () => {
  for (const text of ['', 'PK', '{', "{'a': 1}", '{"a": 1,}', '\0'.repeat(8)]) {
    refuses(fileOf(text, 8), JSON.stringify(text));
  }
  refuses(Buffer.from('<html>This is not the file that you wanted</html>'), 'a web page');
  refuses(Buffer.alloc(64, 0xff), 'a length beyond all files');
});

test('a header that is JSON but no header is damaged', () => {
  for (const text of ['null', '5', '"text"', '[]', '[1]']) refuses(fileOf(text, 8), text);
});

test('an entry without what an entry needs is damaged', () => {
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
    refuses(fileOf(text, 8), text);
  }
});

test('a byte that is wrong anywhere before the data gives arrays or E_CHECKPOINT, never another error', () => {
  const small = new Map([['w', { shape: [2, 1], data: Float32Array.of(1, 2) }]]);
  write(path, small);
  const whole = readFileSync(path);
  for (let at = 0; at < whole.length - 8; at++) {
    for (const value of [0, 0x20, 0x2d, 0x39, 0x7d]) {
      const damaged = Buffer.from(whole);
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

test('a file that is not there is damaged, and a folder that is not there cannot be written to', () => {
  assert.throws(() => readSafetensors(join(folder, 'absent')), { code: 'E_CHECKPOINT' });
  assert.throws(() => write(join(folder, 'absent/x'), arrays), { code: 'E_IO' });
});
