/**
 * @file Encodes Protocol Buffers: each function returns the bytes of one field, and a message is its fields one after
 * another. Sixty lines, because the libraries have megabytes for reading, schemas and services, none of which is needed.
 * Source: https://protobuf.dev/programming-guides/encoding/
 */

/** Kinds of values on the wire. */
const [VARINT, FIXED64, LENGTH, FIXED32] = [0, 1, 2, 5] as const;

/** An int32, int64, bool or enum field. */
export function integer(field: number, value: number): Uint8Array {
  return Buffer.concat([tag(field, VARINT), varint(value)]);
}

/** Several integers of a repeated field, packed. */
export function integers(field: number, values: readonly number[]): Uint8Array {
  return bytes(field, Buffer.concat(values.map(varint)));
}

/** A float field, 32 bits. */
export function float(field: number, value: number): Uint8Array {
  const data = Buffer.alloc(4);
  data.writeFloatLE(value);
  return Buffer.concat([tag(field, FIXED32), data]);
}

/** A double field, 64 bits. */
export function double(field: number, value: number): Uint8Array {
  const data = Buffer.alloc(8);
  data.writeDoubleLE(value);
  return Buffer.concat([tag(field, FIXED64), data]);
}

/** A string field. */
export function text(field: number, value: string): Uint8Array {
  return bytes(field, Buffer.from(value));
}

/** A field that is a message. */
export function message(field: number, ...fields: readonly Uint8Array[]): Uint8Array {
  return bytes(field, encode(...fields));
}

/** A bytes field. */
export function bytes(field: number, value: Uint8Array): Uint8Array {
  return Buffer.concat([tag(field, LENGTH), varint(value.length), value]);
}

/** A message from its fields. */
export function encode(...fields: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(fields);
}

function tag(field: number, kind: number): Uint8Array {
  return varint(field * 8 + kind);
}

/** Seven bits in each byte, the lowest first; negative numbers as 64 bits in two's complement. */
function varint(value: number): Uint8Array {
  const groups: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 0x7fn; rest >>= 7n) groups.push(Number(rest & 0x7fn) | 0x80);
  return Uint8Array.of(...groups, Number(rest));
}
