/** @file Prepares a photo of a handwritten digit as the images of MNIST were prepared. */

import { commonBox, crop, type GreyImage } from './grey-image.js';
import { components, fitPlane } from './photo-parts.js';
import { scaled } from './resize.js';

/** The side of the box that a digit of MNIST fills, as a fraction of the side of its image. */
const FILLED = 20 / 28;
/** A photo is first scaled down to this many pixels, so that its noise is averaged away. */
const WORKING = 160;
/** The least difference between ink and paper, in grey levels. */
const LEAST_CONTRAST = 16;
/** A spot with less ink than this fraction of the largest one is dust. */
const DUST = 0.1;

/**
 * Finds the digit in a photo: the ink becomes white and the paper black, also if the paper is shaded evenly from one side to
 * the other; the digit is scaled to 20 of 28 pixels and centred by its mass.
 *
 * @param size rows and columns of the result
 * @returns null if nothing in the photo differs from its background
 */
export function prepareDigit(photo: GreyImage, size: number): GreyImage | null {
  const ink = digitInk(withinSide(photo, WORKING));
  if (ink === null) return null;
  const digit = crop(ink, commonBox([ink]));
  return centredByMass(strongest(withinSide(digit, Math.round(size * FILLED), true)), size);
}

/** How much each pixel differs from the paper, 0 to 255, without the pixels that are no digit; null if there is no digit. */
function digitInk(photo: GreyImage): GreyImage | null {
  const plane = fitPlane(photo);
  const differences = Float64Array.from(photo.pixels, (grey, at) => grey - (plane[at] ?? 0));
  // Ink may be darker or lighter than the paper. It is the side with the larger differences.
  const sign = differences.reduce((sum, each) => sum + each ** 3, 0) < 0 ? -1 : 1;
  const ink = differences.map((each) => Math.max(0, sign * each));
  const most = ink.toSorted().at(-1 - Math.floor(ink.length / 500)) ?? 0;
  if (most < LEAST_CONTRAST) return null;
  const isInk = Uint8Array.from(ink, (each) => Number(each > most * 0.4));
  const kept = new Uint8Array(ink.length);
  for (const part of digitParts(components(isInk, photo.width), photo)) {
    for (const at of part) kept[at] = Math.min(255, Math.round((255 * (ink[at] ?? 0)) / most));
  }
  return { ...photo, pixels: kept };
}

/** The spots that are no dust. What touches the border, such as the edge of a table, is left out if something else remains. */
function digitParts(parts: readonly number[][], { width, height }: GreyImage): readonly number[][] {
  const least = DUST * Math.max(...parts.map((each) => each.length));
  const large = parts.filter((each) => each.length >= least);
  const isInner = (at: number): boolean =>
    at % width > 0 && at % width < width - 1 && at >= width && at < width * (height - 1);
  const inner = large.filter((each) => each.every(isInner));
  return inner.length > 0 ? inner : large;
}

/** An image with its longer side scaled down to a number of pixels, or also up. */
function withinSide(image: GreyImage, side: number, enlarges = false): GreyImage {
  const scale = side / Math.max(image.width, image.height);
  if (scale >= 1 && !enlarges) return image;
  const [width, height] = [image.width, image.height].map((each) => Math.max(1, Math.round(each * scale)));
  return scaled(image, width ?? 1, height ?? 1);
}

/** An image whose brightest pixels are white. Thin lines become grey when they are scaled down. */
function strongest({ width, height, pixels }: GreyImage): GreyImage {
  const most = pixels.toSorted().at(-1 - Math.floor(pixels.length / 20)) ?? 0;
  const factor = most === 0 ? 1 : 255 / most;
  return { width, height, pixels: pixels.map((grey) => Math.min(255, Math.round(grey * factor))) };
}

/** A black square with an image whose centre of mass is at the centre, or as near as the border allows. */
function centredByMass({ width, height, pixels }: GreyImage, size: number): GreyImage {
  let [mass, x, y] = [0, 0, 0];
  for (const [at, grey] of pixels.entries()) {
    mass += grey;
    x += grey * ((at % width) + 0.5);
    y += grey * (Math.floor(at / width) + 0.5);
  }
  const start = (moment: number, side: number): number =>
    Math.max(0, Math.min(size - side, Math.round(size / 2 - moment / mass)));
  const [left, top] = [start(x, width), start(y, height)];
  const square = new Uint8Array(size * size);
  for (let row = 0; row < height; row++)
    square.set(pixels.subarray(row * width, (row + 1) * width), (top + row) * size + left);
  return { width: size, height: size, pixels: square };
}
