/** @file Encodes PNG images of every colour type and depth, for tests of the decoder. Source: the PNG specification. */

import { deflateSync } from 'node:zlib';

/** Numbers of colour types. */
export const COLOR_TYPES = { grey: 0, rgb: 2, palette: 3, greyAlpha: 4, rgba: 6 } as const;

/** The contents of a PNG. */
export interface PngParts {
  readonly width: number;
  readonly height: number;
  readonly type: keyof typeof COLOR_TYPES;
  readonly depth: 1 | 2 | 4 | 8 | 16;
  /** The bytes of each row, packed as the depth requires. */
  readonly rows: readonly (readonly number[])[];
  /** The content of the palette, three bytes per colour. */
  readonly palette?: readonly number[];
  /** The content of tRNS. */
  readonly transparency?: readonly number[];
  /** Whether the rows are those of an interlaced image. */
  readonly interlaced?: boolean;
}

/** Encodes a PNG without filters. */
export function pngBytes({
  width,
  height,
  type,
  depth,
  rows,
  palette,
  transparency,
  interlaced,
}: PngParts): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, COLOR_TYPES[type]], 8);
  header[12] = Number(interlaced ?? false);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    ...(palette ? [chunk('PLTE', Buffer.from(palette))] : []),
    ...(transparency ? [chunk('tRNS', Buffer.from(transparency))] : []),
    chunk('IDAT', deflateSync(Buffer.from(rows.flatMap((row) => [0, ...row])))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** A chunk of a PNG, with its length and its checksum. */
export function chunk(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name), data]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc(body));
  return Buffer.concat([length, body, checksum]);
}

/** CRC-32. (`node:zlib` has it from Node 22 on.) */
function crc(bytes: Buffer): number {
  let rest = 0xffffffff;
  for (const byte of bytes) {
    rest ^= byte;
    for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ (rest & 1 ? 0xedb88320 : 0);
  }
  return ~rest >>> 0;
}
