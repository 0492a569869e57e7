/** @file Reading PNG images of every colour type and depth, intact and damaged, and writing them. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { UserError } from '../errors.js';
import { decodePng, encodePng, isPng } from './png.js';
import { chunk, type PngParts, pngBytes } from './png.testing.js';

function greys(parts: Omit<PngParts, 'width' | 'height'> & { width?: number }): number[] {
  const bytes = pngBytes({ width: 2, height: parts.rows.length, ...parts });
  assert.ok(isPng(bytes));
  return [...decodePng(bytes, 'a.png').pixels];
}

test('grey images of every depth have their values, scaled to 0 to 255', () => {
  const grey = (depth: PngParts['depth'], row: number[], width = 2): number[] =>
    greys({ type: 'grey', depth, rows: [row], width });
  assert.deepEqual(grey(1, [0b01000000]), [0, 255]);
  assert.deepEqual(grey(2, [0b00011011], 4), [0, 85, 170, 255]);
  assert.deepEqual(grey(4, [0x0f]), [0, 255]);
  assert.deepEqual(grey(4, [0x37]), [51, 119]);
  assert.deepEqual(grey(8, [0, 200]), [0, 200]);
  assert.deepEqual(grey(16, [0xff, 0xff, 0x80, 0x80]), [255, 128]);
});

test('colours become their luma', () => {
  const rows = [
    [255, 0, 0, 0, 255, 0],
    [0, 0, 255, 90, 90, 90],
  ];
  assert.deepEqual(greys({ type: 'rgb', depth: 8, rows }), [76, 150, 29, 90]);
  const deep = rows.map((row) => row.flatMap((value) => [value, value]));
  assert.deepEqual(greys({ type: 'rgb', depth: 16, rows: deep }), [76, 150, 29, 90]);
});

test('a palette is looked up, at every depth', () => {
  const palette = [0, 0, 0, 255, 0, 0, 255, 255, 255];
  assert.deepEqual(greys({ type: 'palette', depth: 8, palette, rows: [[2, 1]] }), [255, 76]);
  assert.deepEqual(greys({ type: 'palette', depth: 2, palette, rows: [[0b01100000]] }), [76, 255]);
});

test('transparent pixels are drawn on white', () => {
  assert.deepEqual(greys({ type: 'greyAlpha', depth: 8, rows: [[0, 0, 100, 255]] }), [255, 100]);
  assert.deepEqual(greys({ type: 'rgba', depth: 8, rows: [[0, 0, 0, 51, 9, 9, 9, 255]] }), [204, 9]);
  const palette = [0, 0, 0, 255, 255, 255];
  assert.deepEqual(
    greys({ type: 'palette', depth: 8, palette, transparency: [0, 255], rows: [[0, 1]] }),
    [255, 255],
  );
});

test('an image that was written is read again', () => {
  const pixels = Uint8Array.from({ length: 15 }, (_, index) => 17 * index);
  assert.deepEqual(decodePng(encodePng({ width: 5, height: 3, pixels }), 'a.png'), {
    width: 5,
    height: 3,
    pixels,
  });
});

const bytes = encodePng({ width: 8, height: 8, pixels: Uint8Array.from({ length: 64 }, (_, at) => 4 * at) });

function isDamage(error: unknown): boolean {
  assert.ok(error instanceof UserError, String(error));
  assert.equal(error.code, 'E_DATA');
  assert.match(error.message, /^a\.png: expected a complete PNG image, got a damaged one \(.+\)\.$/);
  assert.doesNotMatch(error.message, /stream/);
  return true;
}

test('a file that is cut off anywhere is an error', () => {
  for (let length = 8; length < bytes.length; length++)
    assert.throws(() => decodePng(bytes.subarray(0, length), 'a.png'), isDamage, `${length} bytes`);
});

test('a changed byte is an error, or leaves the image as it was', () => {
  const { pixels } = decodePng(bytes, 'a.png');
  for (let at = 8; at < bytes.length; at++) {
    const changed = Buffer.from(bytes);
    changed[at]! ^= 0x55;
    try {
      assert.deepEqual(decodePng(changed, 'a.png').pixels, pixels, `byte ${at}`);
    } catch (error) {
      assert.ok(error instanceof UserError, `byte ${at}: ${error}`);
    }
  }
});

function withData(data: Buffer, { width = 8, interlaced = false } = {}): Buffer {
  const whole = pngBytes({ width, height: 8, type: 'grey', depth: 8, rows: [], interlaced });
  const [start, end] = [whole.indexOf('IDAT') - 4, whole.indexOf('IEND') - 4];
  return Buffer.concat([whole.subarray(0, start), chunk('IDAT', data), whole.subarray(end)]);
}

test('missing pixels are an error, and are not filled with other data', () => {
  const rows = deflateSync(Buffer.alloc(9 * 8));
  assert.deepEqual([...decodePng(withData(rows), 'a.png').pixels], new Array(64).fill(0));
  for (const data of [
    deflateSync(Buffer.alloc(10)),
    Buffer.alloc(50, 7),
    Buffer.alloc(0),
    rows.subarray(0, 4),
  ])
    assert.throws(() => decodePng(withData(data), 'a.png'), isDamage);
});

test('the passes of an interlaced image are read, and missing ones are an error', () => {
  const read = (length: number) =>
    decodePng(withData(deflateSync(Buffer.alloc(length)), { interlaced: true }), 'a.png');
  assert.equal(read(64 + 15).pixels.length, 64);
  assert.throws(() => read(64 + 14), isDamage);
});

test('data that unpack to more than the image are an error before they fill the memory', () => {
  const bomb = deflateSync(Buffer.alloc(2 ** 26));
  for (const interlaced of [false, true])
    assert.throws(
      () => decodePng(withData(bomb, { interlaced }), 'a.png'),
      /more pixels than its size states/,
    );
});

test('a size that is zero, or that is not stated once at the start, is an error', () => {
  assert.throws(
    () => decodePng(withData(deflateSync(Buffer.alloc(8)), { width: 0 }), 'a.png'),
    /0 x 8 pixels/,
  );
  const [signature, others] = [bytes.subarray(0, 8), bytes.subarray(8)];
  const text = Buffer.concat([signature, chunk('tEXt', Buffer.alloc(8, 1)), others]);
  const huge = withData(Buffer.alloc(0), { width: 60_000 }).subarray(8);
  const twice = Buffer.concat([bytes.subarray(0, 33), huge]);
  for (const wrong of [text, twice])
    assert.throws(() => decodePng(wrong, 'a.png'), /it does not state its size once, at its start/);
});

test('data after the image are ignored', () => {
  assert.deepEqual(
    decodePng(Buffer.concat([bytes, Buffer.alloc(100, 65)]), 'a.png'),
    decodePng(bytes, 'a.png'),
  );
});

test('an image that would need much memory is refused before it is unpacked', () => {
  const huge = Buffer.from(bytes);
  huge.writeUInt32BE(100_000, 16);
  assert.throws(() => decodePng(huge, 'a.png'), {
    code: 'E_DATA',
    message: 'a.png: expected at most 4096 x 4096 pixels, got 100000 x 8.',
  });
});

test('other data is no PNG', () => {
  for (const other of ['', 'PNG', '\xff\xd8\xff']) assert.ok(!isPng(Buffer.from(other, 'latin1')));
});
