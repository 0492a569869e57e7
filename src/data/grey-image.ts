/** @file Greyscale images: those of a split, and their parts. */

import type { Split } from './mnist.js';

/** A greyscale image. */
export interface GreyImage {
  readonly width: number;
  readonly height: number;
  /** Pixels 0 (black) to 255 (white), `[height, width]`, row-major. */
  readonly pixels: Uint8Array;
}

/** A part of an image, in pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** An image of a split, as a view of its bytes. */
export function imageAt({ images, count }: Split, index: number): GreyImage {
  const pixels = images.length / count;
  const size = Math.sqrt(pixels); // images of a data set are square
  return { width: size, height: size, pixels: images.subarray(index * pixels, (index + 1) * pixels) };
}

/** The smallest box that has all pixels above 0 of images of equal size; the complete image if there is none. */
export function commonBox(images: readonly GreyImage[]): Box {
  const [first] = images;
  let [left, top, right, bottom] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, -1, -1];
  for (const { width, pixels } of images) {
    for (const [index, grey] of pixels.entries()) {
      if (grey === 0) continue;
      const [row, column] = [Math.floor(index / width), index % width];
      [left, top] = [Math.min(left, column), Math.min(top, row)];
      [right, bottom] = [Math.max(right, column), Math.max(bottom, row)];
    }
  }
  if (right === -1) return { left: 0, top: 0, width: first?.width ?? 0, height: first?.height ?? 0 };
  return { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/** A box that is widened on both sides to at least `columns`, but not beyond the image. */
export function widened(box: Box, columns: number, { width }: Pick<GreyImage, 'width'>): Box {
  const wanted = Math.min(Math.max(columns, box.width), width);
  const left = Math.max(0, Math.min(box.left - Math.floor((wanted - box.width) / 2), width - wanted));
  return { ...box, left, width: wanted };
}

/** The part of an image in a box. */
export function crop(image: GreyImage, { left, top, width, height }: Box): GreyImage {
  const pixels = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    const start = (top + row) * image.width + left;
    pixels.set(image.pixels.subarray(start, start + width), row * width);
  }
  return { width, height, pixels };
}

/** An image with black and white exchanged. */
export function invert({ width, height, pixels }: GreyImage): GreyImage {
  return { width, height, pixels: pixels.map((grey) => 255 - grey) };
}

/** The mean of the pixels at the border, 0 to 255. */
export function borderMean({ width, height, pixels }: GreyImage): number {
  let [sum, count] = [0, 0];
  for (const [index, grey] of pixels.entries()) {
    const [row, column] = [Math.floor(index / width), index % width];
    if (row > 0 && row < height - 1 && column > 0 && column < width - 1) continue;
    sum += grey;
    count++;
  }
  return sum / count;
}

/** An image with each pixel repeated `factor` times in both directions. */
export function enlarge({ width, height, pixels }: GreyImage, factor: number): GreyImage {
  const [wide, high] = [width * factor, height * factor];
  return {
    width: wide,
    height: high,
    pixels: Uint8Array.from({ length: wide * high }, (_, at) => {
      const [row, column] = [Math.floor(at / wide / factor), Math.floor((at % wide) / factor)];
      return pixels[row * width + column] ?? 0;
    }),
  };
}
