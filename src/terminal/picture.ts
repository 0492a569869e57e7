/** @file Draws greyscale images with characters: two pixels per character, by colour or, without colours, by shade. */

import type { ChalkInstance } from 'chalk';

/** A greyscale image. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Pixels 0 (black) to 255 (white), `[height, width]`, row-major. */
  readonly pixels: Uint8Array;
}

/** Characters from dark to bright, on a dark or a light terminal: more ink is brighter, as in MNIST ink is bright. */
const SHADES = ' .:-=+*#%@';
/** The level of chalk from which there are enough greys: 256 colours. */
const GREYS = 2;

/**
 * Draws a picture.
 *
 * @returns lines of `width` columns; `height / 2` of them, rounded up
 */
export function drawPicture({ width, height, pixels }: Picture, color: ChalkInstance): string[] {
  const at = (row: number, column: number): number =>
    row < height ? (pixels[row * width + column] ?? 0) : 0;
  return Array.from({ length: Math.ceil(height / 2) }, (_, line) =>
    Array.from({ length: width }, (_, column) => {
      const [top, bottom] = [at(2 * line, column), at(2 * line + 1, column)];
      return color.level >= GREYS
        ? color.rgb(top, top, top).bgRgb(bottom, bottom, bottom)('▀')
        : shade((top + bottom) / 2);
    }).join(''),
  );
}

/** The character for a brightness; black has none, so that the slightest grey is visible. */
function shade(brightness: number): string {
  if (brightness === 0) return ' ';
  return SHADES[1 + Math.min(SHADES.length - 2, Math.floor((brightness / 256) * (SHADES.length - 1)))] ?? '@';
}

/** The smallest rectangle that has all bright pixels of pictures of equal size. */
export function commonBox(pictures: readonly Picture[]): Box {
  const [first] = pictures;
  if (!first) return { left: 0, top: 0, width: 0, height: 0 };
  const { width, height } = first;
  const isBright = (index: number): boolean => pictures.some(({ pixels }) => (pixels[index] ?? 0) > 0);
  const columns: number[] = [];
  const rows: number[] = [];
  for (let index = 0; index < width * height; index++) {
    if (!isBright(index)) continue;
    columns.push(index % width);
    rows.push(Math.floor(index / width));
  }
  if (rows.length === 0) return { left: 0, top: 0, width, height };
  const [left, top] = [least(columns), least(rows)];
  return { left, top, width: most(columns) - left + 1, height: most(rows) - top + 1 };
}

/** A part of a picture, in pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function least(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => Math.min(a, b));
}

function most(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => Math.max(a, b));
}

/** A box that is widened on both sides, within a picture, to at least `width` columns. */
export function widened(box: Box, width: number, picture: Pick<Picture, 'width'>): Box {
  const wanted = Math.min(Math.max(width, box.width), picture.width);
  const left = Math.min(Math.max(0, box.left - Math.ceil((wanted - box.width) / 2)), picture.width - wanted);
  return { ...box, left, width: wanted };
}

/** The part of a picture in a box. */
export function crop(picture: Picture, { left, top, width, height }: Box): Picture {
  const pixels = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    const start = (top + row) * picture.width + left;
    pixels.set(picture.pixels.subarray(start, start + width), row * width);
  }
  return { width, height, pixels };
}
