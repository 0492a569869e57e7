/** @file NumPy's `.npz`: a zip archive with one `.npy` file for each array. */

import { zipSync } from 'fflate';
import type { NamedArray } from '../model/state.js';

/** The earliest date of a zip archive. A constant date makes equal weights equal files. */
const DATE = new Date(1980, 0, 1);
/** NumPy starts the data at a multiple of this. */
const ALIGNMENT = 64;

/** Encodes arrays as an archive that `numpy.load` reads; the keys are the names. Entries are not compressed. */
export function npzBytes(arrays: ReadonlyMap<string, NamedArray>): Uint8Array {
  const entries = [...arrays].map(([name, array]) => [`${name}.npy`, npyBytes(array)] as const);
  return zipSync(Object.fromEntries(entries), { level: 0, mtime: DATE });
}

/**
 * Encodes an array in version 1.0 of NumPy's format.
 *
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
export function npyBytes({ shape, data }: NamedArray): Uint8Array {
  const type = data instanceof Float32Array ? '<f4' : data instanceof Float64Array ? '<f8' : '<i4';
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const prefix = 10; // magic, version and the length of the header
  const padding = -(prefix + text.length + 1) & (ALIGNMENT - 1);
  const header = `${text}${' '.repeat(padding)}\n`;
  const start = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, header.length & 0xff, header.length >> 8]);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return Buffer.concat([start, Buffer.from(header, 'latin1'), bytes]);
}
