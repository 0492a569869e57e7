/** @file Reading IDX files, intact and damaged. */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { UserError } from '../errors.js';
import { parseIdx, readMaybeGzipped } from './idx.js';
import { idxBytes } from './idx.testing.js';

const folder = mkdtempSync(join(tmpdir(), 'wnlstm-'));
after(() => rmSync(folder, { recursive: true }));

const pixels = Uint8Array.from({ length: 2 * 3 * 4 }, (_, index) => 255 - index);
const images = idxBytes([2, 3, 4], pixels);
const labels = idxBytes([5], Uint8Array.of(0, 1, 2, 1, 255));

function isDamage(message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof UserError, String(error));
    assert.equal(error.code, 'E_DATA');
    assert.match(error.message, message);
    assert.match(error.message, /some\/path/);
    return true;
  };
}

test('reading returns the shape and bytes that were written', () => {
  const read = parseIdx(images, 3, 'some/path');
  assert.deepEqual(read.shape, [2, 3, 4]);
  assert.deepEqual(Uint8Array.from(read.bytes), pixels);
  assert.deepEqual(Uint8Array.from(parseIdx(labels, 1, 'some/path').bytes), Uint8Array.of(0, 1, 2, 1, 255));
});

test('zero examples give an empty array', () => {
  assert.deepEqual(parseIdx(idxBytes([0], new Uint8Array()), 1, 'some/path').shape, [0]);
  assert.equal(parseIdx(idxBytes([0, 28, 28], new Uint8Array()), 3, 'some/path').bytes.length, 0);
});

test('the array is a view of the file, not a copy', () => {
  const { bytes } = parseIdx(images, 3, 'some/path');
  assert.equal(bytes.buffer, images.buffer);
  assert.equal(bytes.byteOffset, images.byteOffset + 16);
});

test('sizes are big-endian and unsigned', () => {
  const header = Buffer.from([0, 0, 8, 1, 0, 0, 1, 2]);
  const read = parseIdx(Buffer.concat([header, new Uint8Array(258)]), 1, 'some/path');
  assert.deepEqual(read.shape, [258]);
  header.writeUInt32BE(0xffff_ffff, 4);
  assert.throws(() => parseIdx(header, 1, 'some/path'), isDamage(/expected 4294967295 bytes of data/));
});

test('a file truncated anywhere, or with extra bytes, is an error', () => {
  for (let length = 0; length < images.length; length++) {
    const message = length < 16 ? /header of 16 bytes/ : /expected 24 bytes of data for 2 x 3 x 4, got \d+/;
    assert.throws(() => parseIdx(images.subarray(0, length), 3, 'some/path'), isDamage(message));
  }
  const longer = Buffer.concat([images, Uint8Array.of(0)]);
  assert.throws(() => parseIdx(longer, 3, 'some/path'), isDamage(/expected 24 .+, got 25/));
});

test('labels instead of images, images instead of labels, and floats instead of bytes are errors', () => {
  const twelve = Buffer.concat([labels, new Uint8Array(20)]);
  assert.throws(() => parseIdx(twelve, 3, 'some/path'), isDamage(/images \(magic 2051\), got magic 2049/));
  assert.throws(() => parseIdx(images, 1, 'some/path'), isDamage(/labels \(magic 2049\), got magic 2051/));
  const floats = Buffer.from(images);
  floats[2] = 0x0d;
  assert.throws(() => parseIdx(floats, 3, 'some/path'), isDamage(/got magic 3331/));
  assert.throws(() => parseIdx(gzipSync(images), 3, 'some/path'), isDamage(/got magic/));
});

function written(name: string, bytes: Uint8Array): string {
  mkdirSync(join(folder, 'some'), { recursive: true });
  const path = join(folder, 'some', name);
  writeFileSync(path, bytes);
  return path;
}

test('a gzip file is unpacked, whatever its name', () => {
  assert.deepEqual(readMaybeGzipped(written('path', images)), images);
  assert.deepEqual(readMaybeGzipped(written('path', gzipSync(images))), images);
  assert.deepEqual(readMaybeGzipped(written('path.gz', gzipSync(images))), images);
  assert.deepEqual(readMaybeGzipped(written('path.gz', images)), images);
  assert.equal(readMaybeGzipped(written('path', new Uint8Array())).length, 0);
});

test('a gzip file truncated after its first bytes, or changed, is an error', () => {
  const zipped = gzipSync(images);
  for (let length = 2; length < zipped.length; length++) {
    const path = written('path.gz', zipped.subarray(0, length));
    assert.throws(() => readMaybeGzipped(path), isDamage(/expected a complete gzip file/), `${length} bytes`);
  }
  const changed = Buffer.from(zipped);
  changed[changed.length - 8]! ^= 1; // the checksum
  const path = written('path.gz', changed);
  assert.throws(() => readMaybeGzipped(path), isDamage(/expected a complete gzip file/));
});

test('a missing file, or a folder instead of a file, is an error that names it', () => {
  assert.throws(() => readMaybeGzipped(join(folder, 'some/path-absent')), isDamage(/no such file/));
  mkdirSync(join(folder, 'some/path-folder'), { recursive: true });
  assert.throws(() => readMaybeGzipped(join(folder, 'some/path-folder')), isDamage(/it is a folder/));
});

test('a gzip file is unpacked only up to the size in its header', () => {
  const path = join(folder, 'bomb.gz');
  const bomb = Buffer.concat([idxBytes([10], new Uint8Array(10)), Buffer.alloc(50_000_000)]);
  writeFileSync(path, gzipSync(bomb));
  assert.throws(() => readMaybeGzipped(path), {
    code: 'E_DATA',
    message: /expected 18 bytes as its header states, got more/,
  });
  const huge = idxBytes([0], new Uint8Array(0));
  huge.writeUInt32BE(0xffffffff, 4);
  writeFileSync(path, gzipSync(huge));
  assert.throws(() => readMaybeGzipped(path), { code: 'E_DATA', message: /its header states 4\.0 GiB/ });
  writeFileSync(path, gzipSync(Buffer.alloc(50_000_000)));
  assert.throws(() => readMaybeGzipped(path), { code: 'E_DATA', message: /gzip file of an IDX file/ });
});
