/** @file Writes a tiny data set of four IDX files that a model can learn, for tests. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rng } from '../rng.js';

/**
 * Encodes an IDX file of unsigned bytes.
 *
 * @param shape `[count, rows, columns]` of images, `[count]` of labels
 * @param bytes the data, row-major
 */
export function idxBytes(shape: readonly number[], bytes: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.writeUInt32BE(0x0800 + shape.length, 0);
  for (const [axis, size] of shape.entries()) header.writeUInt32BE(size, 4 + 4 * axis);
  return Buffer.concat([header, bytes]);
}

/**
 * Writes square images of dim noise with one bright row, whose position is the class. Equal options give equal bytes,
 * and all classes are equally frequent.
 *
 * @param directory target folder, created if it does not exist
 * @param options image size, numbers of examples, number of classes (at most `size`)
 * @returns `directory`
 */
export function writeTinyDataset(
  directory: string,
  options: { size?: number; train?: number; test?: number; classes?: number } = {},
): string {
  const { size = 8, train = 240, test = 60, classes = 4 } = options;
  mkdirSync(directory, { recursive: true });
  for (const [prefix, count] of [
    ['train', train],
    ['t10k', test],
  ] as const) {
    const random = rng(0, 'tiny data set', prefix);
    const labels = Uint8Array.from({ length: count }, (_, index) => index % classes);
    const images = Uint8Array.from({ length: count * size * size }, (_, pixel) => {
      const row = Math.floor(pixel / size) % size;
      const label = labels[Math.floor(pixel / (size * size))];
      return random.below(96) + (row === label ? 160 : 0);
    });
    writeFileSync(join(directory, `${prefix}-images-idx3-ubyte`), idxBytes([count, size, size], images));
    writeFileSync(join(directory, `${prefix}-labels-idx1-ubyte`), idxBytes([count], labels));
  }
  return directory;
}
