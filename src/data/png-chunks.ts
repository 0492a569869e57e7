/** @file Checks the chunks of a PNG before it is decoded, because the decoder fills missing data with bytes of its memory. Source: the PNG specification. */

import { inflateSync } from 'node:zlib';
import { systemCode } from '../errors.js';

/** What the first chunk of a PNG states. */
interface Header {
  readonly width: number;
  readonly height: number;
  /** Bits per pixel. */
  readonly bits: number;
  readonly isInterlaced: boolean;
}

/** The chunks of a PNG. */
export interface PngChunks {
  readonly header: Header;
  /** The compressed pixels. */
  readonly data: readonly Buffer[];
  /** The file without what follows its last chunk. */
  readonly bytes: Buffer;
}

const SIGNATURE_BYTES = 8;
/** The length and the name before the content of a chunk, and the checksum after it. */
const [BEFORE, AFTER] = [8, 4] as const;
const HEADER_BYTES = 13;
const TOO_SHORT = 'it ends too early';

/** The values per pixel of each colour type. */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
/** The passes of an interlaced image: first column and row, and the distances to the next ones. */
const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/**
 * Finds the chunks of a PNG.
 *
 * @throws {Error} if one is missing or incomplete; its message is the reason
 */
export function readChunks(bytes: Buffer): PngChunks {
  let header: Header | null = null;
  const data: Buffer[] = [];
  for (let at = SIGNATURE_BYTES; ; ) {
    if (at + BEFORE > bytes.length) throw new Error(TOO_SHORT);
    const name = bytes.toString('latin1', at + 4, at + BEFORE);
    const content = bytes.subarray(at + BEFORE, at + BEFORE + bytes.readUInt32BE(at));
    at += BEFORE + bytes.readUInt32BE(at) + AFTER;
    if ((name === 'IHDR') !== (header === null))
      throw new Error('it does not state its size once, at its start');
    if (at > bytes.length) throw new Error(TOO_SHORT);
    header ??= readHeader(content);
    if (name === 'IDAT') data.push(content);
    if (name === 'IEND') return { header, data, bytes: bytes.subarray(0, at) };
  }
}

function readHeader(content: Buffer): Header {
  if (content.length !== HEADER_BYTES) throw new Error(`its header has ${content.length} bytes`);
  const [depth = 0, type = 0] = content.subarray(8);
  const channels = CHANNELS[type];
  if (channels === undefined) throw new Error(`it has the unknown colour type ${type}`);
  return {
    width: content.readUInt32BE(0),
    height: content.readUInt32BE(4),
    bits: channels * depth,
    isInterlaced: content[HEADER_BYTES - 1] === 1,
  };
}

/**
 * Unpacks the pixels to see whether they are complete, up to the size that the header states.
 *
 * @throws {Error} if they are damaged, fewer or more; its message is the reason
 */
export function checkPixels({ header, data }: PngChunks): void {
  const expected = sizeOf(header);
  let length: number;
  try {
    ({ length } = inflateSync(Buffer.concat(data), { maxOutputLength: expected }));
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ERR_BUFFER_TOO_LARGE') throw new Error('it has more pixels than its size states');
    if (!code?.startsWith('Z_')) throw error;
    throw new Error(code === 'Z_BUF_ERROR' ? TOO_SHORT : 'its pixels cannot be unpacked');
  }
  if (length < expected) throw new Error(TOO_SHORT);
}

/** The bytes of the unpacked pixels: those of each row, and one for its filter. */
function sizeOf({ width, height, bits, isInterlaced }: Header): number {
  const passes = isInterlaced ? PASSES : [[0, 0, 1, 1] as const];
  return passes.reduce((sum, [left, top, right, down]) => {
    const columns = Math.max(0, Math.ceil((width - left) / right));
    const rows = Math.max(0, Math.ceil((height - top) / down));
    return sum + (columns === 0 ? 0 : rows * (1 + Math.ceil((columns * bits) / 8)));
  }, 0);
}
