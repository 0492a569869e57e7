/** @file Reads the images that a user wants classified, from PNG and IDX files, as inputs of a model. */

import { addAbortSignal } from 'node:stream';
import { isatty } from 'node:tty';
import { borderMean, type GreyImage, invert } from '../data/grey-image.js';
import { parseIdx, unpackIfGzip } from '../data/idx.js';
import { prepareDigit } from '../data/photo.js';
import { decodePng, isPng } from '../data/png.js';
import { fitSquare } from '../data/resize.js';
import { ioError, UserError } from '../errors.js';
import { readRegular } from '../files.js';
import { plural } from '../text/plural.js';

/** An image of a file. */
export interface InputImage {
  /** The path as the user gave it. */
  readonly file: string;
  /** The position in an IDX file, from 0; null for a PNG file. */
  readonly index: number | null;
  /** Pixels 0 to 255, `[size * size]`. */
  readonly pixels: Uint8Array;
  /** Whether the border of the image is lighter than middle grey. */
  readonly isLight: boolean;
}

/** How to read images. */
export interface ImageOptions {
  /** Rows and columns of the model's input. */
  readonly size: number;
  /** Whether to scale images of another size. */
  readonly resize: boolean;
  /** Whether to find the digit in each image and prepare it as those of MNIST were; the images may have any size. */
  readonly photo: boolean;
  /** Whether to exchange black and white. */
  readonly invert: boolean;
  /** The image to read from an IDX file; undefined for all. */
  readonly index: number | undefined;
  /** When aborted, reading standard input ends with the signal's reason as an error. */
  readonly signal: AbortSignal;
}

/** The name of standard input among files. */
export const STANDARD_INPUT = '-';

/** The most bytes that are read from standard input, which may never end. */
const MOST_INPUT_BYTES = 2 ** 29;

/** The first bytes of formats that users may expect to work, for the error. */
const OTHERS: readonly (readonly [string, RegExp])[] = [
  ['a JPEG image', /^\xff\xd8\xff/],
  ['a HEIC image', /^.{4}ftyp(hei[cx]|mif1)/s],
  ['a GIF image', /^GIF8/],
  ['a WebP image', /^RIFF....WEBP/s],
  ['a BMP image', /^BM/],
  ['a TIFF image', /^(II\*\0|MM\0\*)/],
  ['a PDF document', /^%PDF/],
];

/**
 * Reads the images of a file.
 *
 * @param file path of a PNG file or an IDX file of images, raw or gzip; `-` for standard input
 * @throws {UserError} E_DATA if the file cannot be read, is neither, is damaged, or has images of another size; E_USAGE if
 *   `index` does not fit the file
 */
export async function readImages(file: string, options: ImageOptions): Promise<InputImage[]> {
  const name = file === STANDARD_INPUT ? 'standard input' : file;
  const raw = await readBytes(file, options.signal);
  const kind = kindOf(raw);
  if (kind === 'PNG') {
    if (options.index !== undefined) {
      throw new UserError(
        'E_USAGE',
        `--index ${options.index}: expected an IDX file, but ${name} is a PNG image.`,
        {
          hint: 'A PNG file has only one image. Omit --index.',
        },
      );
    }
    return [inputOf(decodePng(raw, name), { file, name, index: null }, options)];
  }
  if (kind === 'IDX') return readIdx(raw, file, name, options);
  throw new UserError('E_DATA', `${name}: expected a PNG image or an IDX file of images, got ${kind}.`, {
    hint: 'Convert it to PNG first.',
  });
}

/** @returns `PNG`, `IDX`, or what it is otherwise */
function kindOf(bytes: Buffer): string {
  if (isPng(bytes)) return 'PNG';
  const start = bytes.toString('latin1', 0, 16);
  const other = OTHERS.find(([, pattern]) => pattern.test(start))?.[0]; // HEIC starts with zeros, too
  if (other !== undefined) return other;
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  if (isGzip || (bytes[0] === 0 && bytes[1] === 0 && bytes.length >= 4)) return 'IDX';
  return bytes.length === 0 ? 'an empty file' : 'other data';
}

async function readBytes(file: string, signal: AbortSignal): Promise<Buffer> {
  if (file === STANDARD_INPUT && isatty(0)) {
    throw new UserError('E_USAGE', 'Expected an image on standard input, but it is a terminal.', {
      hint: 'Give a file, or pipe one: `wnlstm predict RUN - < digit.png`.',
    });
  }
  try {
    return file === STANDARD_INPUT ? await readInput(signal) : readRegular(file);
  } catch (error) {
    signal.throwIfAborted();
    const { message, hint } = ioError(`read ${file === STANDARD_INPUT ? 'standard input' : file}`, error);
    throw new UserError('E_DATA', message, { hint, cause: error });
  }
}

/** Reads standard input to its end. The program that writes it may be slow. */
async function readInput(signal: AbortSignal): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of addAbortSignal(signal, process.stdin)) {
    size += part.length;
    if (size > MOST_INPUT_BYTES)
      throw new Error(`it has more than ${MOST_INPUT_BYTES.toLocaleString('en')} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function readIdx(raw: Buffer, file: string, name: string, options: ImageOptions): InputImage[] {
  const { shape, bytes } = parse(raw, name);
  const [count = 0, height = 0, width = 0] = shape;
  const { index } = options;
  if (index !== undefined && index >= count) {
    throw new UserError('E_USAGE', `--index ${index}: ${name} has ${plural(count, 'image')}.`, {
      hint: count === 0 ? 'The file has no images.' : `Choose an index from 0 to ${count - 1}.`,
    });
  }
  if (count === 0 || width === 0 || height === 0)
    throw new UserError('E_DATA', `${name}: expected images, got ${count} of ${height} x ${width} pixels.`, {
      hint: 'The file has no images.',
    });
  const indices = index === undefined ? Array.from({ length: count }, (_, each) => each) : [index];
  return indices.map((each) => {
    const pixels = bytes.subarray(each * width * height, (each + 1) * width * height);
    return inputOf({ width, height, pixels }, { file, name, index: each }, options);
  });
}

/** Parses an IDX file. The hints of the data set's reader are about `--data`, which is not meant here. */
function parse(raw: Buffer, name: string) {
  try {
    return parseIdx(unpackIfGzip(raw, name), 3, name);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError('E_DATA', error.message, {
      hint: 'The file may be damaged, or be another file of the data set. Expected is one such as t10k-images-idx3-ubyte.',
      cause: error,
    });
  }
}

function inputOf(
  given: GreyImage,
  { file, name, index }: { file: string; name: string; index: number | null },
  { size, resize, photo, invert: isInverted }: ImageOptions,
): InputImage {
  if (photo) return { file, index, pixels: digitOf(given, size, name), isLight: false };
  const { width, height } = given;
  if ((width !== size || height !== size) && !resize) {
    throw new UserError('E_DATA', `${name}: expected ${size} x ${size} pixels, got ${width} x ${height}.`, {
      hint: 'Scale it to that size with `--resize`, or find the digit in a photo with `--photo`.',
    });
  }
  const image = isInverted ? invert(given) : given;
  const { pixels } = width === size && height === size ? image : fitSquare(image, size);
  return { file, index, pixels, isLight: borderMean(image) > 127.5 };
}

function digitOf(photo: GreyImage, size: number, name: string): Uint8Array {
  const digit = prepareDigit(photo, size);
  if (digit !== null) return digit.pixels;
  throw new UserError('E_DATA', `${name}: expected a digit, got an image of one colour.`, {
    hint: 'A digit must differ clearly from its background.',
  });
}
