/** @file Scales a greyscale image to the size of a model's input. */

import { borderMean, type GreyImage } from './grey-image.js';

/**
 * Scales an image to a square, keeps its proportions and centres it. A new pixel is the mean of the area that it covers; the
 * space beside an image that is not square has the mean grey of its border.
 *
 * @param size rows and columns of the result
 */
export function fitSquare(image: GreyImage, size: number): GreyImage {
  const scale = size / Math.max(image.width, image.height);
  const [width, height] = [image.width, image.height].map((side) =>
    Math.max(1, Math.round(side * scale)),
  ) as [number, number];
  const [left, top] = [Math.floor((size - width) / 2), Math.floor((size - height) / 2)];
  const inner = scaled(image, width, height).pixels;
  const pixels = new Uint8Array(size * size).fill(Math.round(borderMean(image)));
  for (let row = 0; row < height; row++)
    pixels.set(inner.subarray(row * width, (row + 1) * width), (top + row) * size + left);
  return { width: size, height: size, pixels };
}

/** Scales an image to a width and a height. A new pixel is the mean of the area that it covers. */
export function scaled(image: GreyImage, width: number, height: number): GreyImage {
  const [columns, rows] = [coverage(image.width, width), coverage(image.height, height)];
  const pixels = new Uint8Array(width * height);
  for (const [row, covered] of rows.entries()) {
    for (const [column, across] of columns.entries()) {
      let [sum, area] = [0, 0];
      for (const { index: y, length: high } of covered) {
        for (const { index: x, length: wide } of across) {
          sum += (image.pixels[y * image.width + x] ?? 0) * high * wide;
          area += high * wide;
        }
      }
      pixels[row * width + column] = Math.round(sum / area);
    }
  }
  return { width, height, pixels };
}

/** An old pixel that a new one covers, and the covered length. */
interface Covered {
  readonly index: number;
  readonly length: number;
}

/** The old pixels that each new pixel covers, along one axis. */
function coverage(from: number, to: number): Covered[][] {
  const step = from / to;
  return Array.from({ length: to }, (_, at) => {
    const [start, end] = [at * step, (at + 1) * step];
    const covered: Covered[] = [];
    for (let index = Math.floor(start); index < Math.min(from, Math.ceil(end)); index++) {
      const length = Math.min(end, index + 1) - Math.max(start, index);
      if (length > 1e-9) covered.push({ index, length });
    }
    return covered;
  });
}
