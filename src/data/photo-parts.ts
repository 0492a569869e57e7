/** @file Parts of photos: the shade of the paper, and the spots of ink on it. */

import type { GreyImage } from './grey-image.js';

/** Fits of the plane; each leaves out the pixels that were far from the one before. */
const FITS = 6;

/**
 * The grey of the paper at each pixel, `[height * width]`: the plane that fits most pixels. Ink is left out, because it is
 * far from the plane.
 */
export function fitPlane({ width, height, pixels }: GreyImage): Float64Array {
  let plane = new Float64Array(pixels.length);
  let limit = Number.POSITIVE_INFINITY;
  for (let fit = 0; fit < FITS; fit++) {
    const sums = [0, 0, 0, 0, 0, 0, 0, 0, 0];
    for (const [at, grey] of pixels.entries()) {
      if (Math.abs(grey - (plane[at] ?? 0)) > limit) continue;
      // Positions are relative to the centre, so that the sums stay well conditioned.
      const [x, y] = [(at % width) / width - 0.5, Math.floor(at / width) / height - 0.5];
      const terms = [1, x, y, x * x, x * y, y * y, grey, x * grey, y * grey];
      for (const [index, term] of terms.entries()) sums[index] = (sums[index] ?? 0) + term;
    }
    const [level, across, down] = solvePlane(sums);
    plane = plane.map(
      (_, at) =>
        level + across * ((at % width) / width - 0.5) + down * (Math.floor(at / width) / height - 0.5),
    );
    const distances = plane.map((each, at) => Math.abs((pixels[at] ?? 0) - each));
    limit = 1.5 * (distances.reduce((sum, each) => sum + each, 0) / distances.length) + 1;
  }
  return plane;
}

/** The solution of the normal equations of a plane; a flat one if the pixels are in one line. */
function solvePlane(sums: readonly number[]): [level: number, across: number, down: number] {
  const [n = 0, x = 0, y = 0, xx = 0, xy = 0, yy = 0, g = 0, xg = 0, yg = 0] = sums;
  const [a, b, c] = [xx - (x * x) / n, xy - (x * y) / n, yy - (y * y) / n];
  const [d, e] = [xg - (x * g) / n, yg - (y * g) / n];
  const determinant = a * c - b * b;
  if (!(determinant > 1e-9 * n * n)) return [n === 0 ? 0 : g / n, 0, 0];
  const [across, down] = [(d * c - b * e) / determinant, (a * e - b * d) / determinant];
  return [(g - across * x - down * y) / n, across, down];
}

/** The positions of each connected set of pixels that are not 0; pixels that share a corner are connected. */
export function components(mask: Uint8Array, width: number): number[][] {
  const left = Uint8Array.from(mask);
  const found: number[][] = [];
  for (const start of left.keys()) {
    if (left[start] === 0) continue;
    left[start] = 0;
    const part = [start];
    for (const at of part) {
      for (const [dx, dy] of NEIGHBOURS) {
        const column = (at % width) + dx;
        const next = at + dy * width + dx;
        if (column < 0 || column >= width || !left[next]) continue;
        left[next] = 0;
        part.push(next);
      }
    }
    found.push(part);
  }
  return found;
}

const NEIGHBOURS = [-1, 0, 1]
  .flatMap((dx) => [-1, 0, 1].map((dy): [number, number] => [dx, dy]))
  .filter(([dx, dy]) => dx !== 0 || dy !== 0);
