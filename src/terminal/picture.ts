/** @file Draws greyscale images with characters: two pixels per character, by colour or, without colours, by shade. */

import type { ChalkInstance } from 'chalk';
import type { GreyImage } from '../data/grey-image.js';

/** Characters of rising density above black, which is a space. */
const SHADES = '.:-=+*#%@';
/** The level of chalk from which there are enough greys: 256 colours. */
const GREYS = 2;

/**
 * Draws an image.
 *
 * @returns lines of `width` columns; `height / 2` of them, rounded up
 */
export function drawPicture({ width, height, pixels }: GreyImage, color: ChalkInstance): string[] {
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

/** The character for a brightness; only black has none. */
function shade(brightness: number): string {
  if (brightness === 0) return ' ';
  return SHADES[Math.min(SHADES.length - 1, Math.floor((brightness / 255) * SHADES.length))] ?? '@';
}
