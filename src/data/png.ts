/** @file Reads PNG images as grey pixels, and writes grey pixels as PNG. */

import { PNG } from 'pngjs';
import { UserError } from '../errors.js';
import type { GreyImage } from './grey-image.js';
import { checkPixels, readChunks } from './png-chunks.js';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** The largest accepted side; a small file could unpack to any size. */
const LONGEST_SIDE = 4096;

/** Whether bytes start as a PNG file does. */
export function isPng(bytes: Buffer): boolean {
  return bytes.subarray(0, SIGNATURE.length).equals(SIGNATURE);
}

/**
 * Decodes a PNG of any colour type and depth. Colours become grey by their luma (Rec. 601), as in Pillow's mode L; transparent
 * pixels are drawn on white; 16 bits are rounded to 8.
 *
 * @param bytes content of a file that `isPng`
 * @param path path of the file, for errors
 * @throws {UserError} E_DATA if the file is damaged or the image too large
 */
export function decodePng(bytes: Buffer, path: string): GreyImage {
  const attempt = <Value>(action: () => Value): Value => {
    try {
      return action();
    } catch (error) {
      throw damaged(path, reasonOf(error as Error), error);
    }
  };
  const chunks = attempt(() => readChunks(bytes));
  const { width: columns, height: rows } = chunks.header;
  if (columns > LONGEST_SIDE || rows > LONGEST_SIDE) {
    throw new UserError(
      'E_DATA',
      `${path}: expected at most ${LONGEST_SIDE} x ${LONGEST_SIDE} pixels, got ${columns} x ${rows}.`,
      { hint: 'Scale the image down first.' },
    );
  }
  if (columns === 0 || rows === 0) throw damaged(path, `it has ${columns} x ${rows} pixels`);
  const { width, height, data } = attempt(() => {
    checkPixels(chunks);
    return PNG.sync.read(chunks.bytes);
  });
  const pixels = new Uint8Array(width * height);
  for (let pixel = 0; pixel < pixels.length; pixel++) {
    const [red = 0, green = 0, blue = 0, alpha = 0] = data.subarray(4 * pixel, 4 * pixel + 4);
    const luma = (299 * red + 587 * green + 114 * blue) / 1000;
    pixels[pixel] = Math.round((luma * alpha + 255 * (255 - alpha)) / 255);
  }
  return { width, height, pixels };
}

function reasonOf({ message }: Error): string {
  if (/at end of stream/.test(message)) return 'a chunk is damaged or unknown'; // the decoder forgets which
  return message.replace(/\.$/, '');
}

function damaged(path: string, reason: string, cause?: unknown): UserError {
  return new UserError('E_DATA', `${path}: expected a complete PNG image, got a damaged one (${reason}).`, {
    hint: 'Open it in an image viewer and save it again.',
    cause,
  });
}

/** Encodes an image as a greyscale PNG. */
export function encodePng({ width, height, pixels }: GreyImage): Buffer {
  const png = new PNG({ width, height });
  for (const [pixel, grey] of pixels.entries()) png.data.set([grey, grey, grey, 255], 4 * pixel);
  return PNG.sync.write(png, { colorType: 0 });
}
