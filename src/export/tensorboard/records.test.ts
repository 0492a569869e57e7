/** @file The checksum and the framing of event files, compared with published values. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventFile } from './events.js';
import { crc32c, recordBytes } from './records.js';

test('CRC-32C gives the values of RFC 3720, B.4', () => {
  const of = (make: (at: number) => number): number =>
    crc32c(Uint8Array.from({ length: 32 }, (_, at) => make(at)));
  assert.equal(
    of(() => 0),
    0x8a9136aa,
  );
  assert.equal(
    of(() => 0xff),
    0x62a8ab43,
  );
  assert.equal(
    of((at) => at),
    0x46dd794e,
  );
  assert.equal(
    of((at) => 31 - at),
    0x113fdb5c,
  );
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
  assert.equal(crc32c(new Uint8Array()), 0);
});

test('a record is its length, the checksum of the length, the data, and the checksum of the data', () => {
  const record = Buffer.from(recordBytes(Buffer.alloc(24, 7)));
  assert.equal(record.length, 8 + 4 + 24 + 4);
  // Every event file of TensorFlow starts with these bytes, because its first event has 24 bytes.
  assert.equal(record.subarray(0, 12).toString('hex'), '1800000000000000a37f4b22');
  assert.deepEqual(record.subarray(12, 36), Buffer.alloc(24, 7));
  const masked = record.readUInt32LE(36);
  const rotated = (masked - 0xa282ead8) >>> 0; // the inverse of the mask
  assert.equal(((rotated << 15) | (rotated >>> 17)) >>> 0, crc32c(Buffer.alloc(24, 7)));
});

test('an event file starts with its version, and a scalar has time, step, tag and value', () => {
  const file = Buffer.from(eventFile(1.5, [{ tag: 'loss', step: 300, time: 2.5, value: 0.25 }]));
  assert.equal(file.readBigUInt64LE(), 24n);
  assert.equal(
    file.subarray(12, 36).toString('hex'),
    `09000000000000f83f1a0d${Buffer.from('brain.Event:2').toString('hex')}`,
  );
  const value = '0a046c6f7373150000803e'; // tag "loss", simple_value 0.25
  assert.equal(file.subarray(52, -4).toString('hex'), `09000000000000044010ac022a0d0a0b${value}`);
});
