/** @file Fields have the bytes that the specification of Protocol Buffers gives. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytes, double, float, integer, integers, message, text } from './protobuf.js';

function hex(field: Uint8Array): string {
  return Buffer.from(field).toString('hex');
}

test('the examples of the specification', () => {
  assert.equal(hex(integer(1, 150)), '089601');
  assert.equal(hex(text(2, 'testing')), '120774657374696e67');
  assert.equal(hex(message(3, integer(1, 150))), '1a03089601');
  assert.equal(hex(integers(6, [3, 270, 86_942])), '3206038e029ea705');
});

test('integers: 0, the largest safe integer, and -1 in ten bytes', () => {
  assert.equal(hex(integer(1, 0)), '0800');
  assert.equal(hex(integer(1, Number.MAX_SAFE_INTEGER)), '08ffffffffffffff0f');
  assert.equal(hex(integer(1, -1)), `08${'ff'.repeat(9)}01`);
});

test('fields above 15 have a tag of two bytes', () => {
  assert.equal(hex(integer(20, 7)), 'a00107');
});

test('floats and doubles are little-endian, and texts are UTF-8', () => {
  assert.equal(hex(float(2, 1.5)), '150000c03f');
  assert.equal(hex(double(1, -2)), '0900000000000000c0');
  assert.equal(hex(text(1, 'é')), '0a02c3a9');
  assert.equal(hex(bytes(9, Uint8Array.of())), '4a00');
});
