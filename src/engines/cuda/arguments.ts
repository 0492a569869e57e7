/** @file The arguments of a kernel in the form that cuLaunchKernel reads: pointers to their values. */

import koffi from 'koffi';

/** The largest alignment of a structure's fields is 8. */
const ALIGNMENT = 16;

/** Pointers to copies of the values. The copies lie in the same buffer, so they live as long as the pointers. */
export function launchArguments(values: readonly Uint8Array[]): BigUint64Array {
  const offsets: number[] = [];
  let bytes = aligned(8 * values.length);
  for (const value of values) {
    offsets.push(bytes);
    bytes += aligned(value.length);
  }
  const storage = new Uint8Array(bytes);
  const pointers = new BigUint64Array(storage.buffer, 0, values.length);
  const base = koffi.address(storage);
  values.forEach((value, index) => {
    const offset = offsets[index] ?? 0;
    storage.set(value, offset);
    pointers[index] = base + BigInt(offset);
  });
  return pointers;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/** An address as the value of a parameter. */
export function pointerValue(address: bigint): Uint8Array {
  return new Uint8Array(BigUint64Array.of(address).buffer);
}

/** An `int32_t` as the value of a parameter. */
export function integerValue(value: number): Uint8Array {
  return new Uint8Array(Int32Array.of(value).buffer);
}
