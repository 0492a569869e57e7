/** @file The most confident mistakes as text: pictures side by side, with classes and probability below each. */

import type { ChalkInstance } from 'chalk';
import type { Split } from '../data/mnist.js';
import type { Prediction } from '../evaluate/predictions.js';
import { percent } from './format.js';
import { commonBox, crop, drawPicture, type Picture, widened } from './picture.js';

/** Columns between two pictures, and the smallest width of a picture, which its caption needs. */
const GAP = 3;
const CAPTION = 20;

/**
 * Draws mistakes in rows that fit the width. All pictures are cropped to the same part.
 *
 * @param split the examples that the predictions are of
 * @param size rows and columns of an image
 */
export function mistakesText(
  mistakes: readonly Prediction[],
  split: Split,
  size: number,
  color: ChalkInstance,
  width: number,
): string {
  const pictures = mistakes.map(
    ({ index }): Picture => ({
      width: size,
      height: size,
      pixels: split.images.subarray(index * size * size, (index + 1) * size * size),
    }),
  );
  const box = widened(commonBox(pictures), CAPTION, { width: size });
  const column = Math.max(box.width, CAPTION);
  const blocks = mistakes.map((mistake, at) => [
    ...pictures
      .slice(at, at + 1)
      .flatMap((picture) =>
        drawPicture(crop(picture, box), color).map((line) => line + ' '.repeat(column - box.width)),
      ),
    `true ${mistake.label}, predicted ${mistake.predicted}`.padEnd(column),
    color.dim(`${percent(mistake.probability)}  #${mistake.index}`.padEnd(column)),
  ]);
  const perRow = Math.max(1, Math.floor((width + GAP) / (column + GAP)));
  const rows: string[] = [];
  for (let first = 0; first < blocks.length; first += perRow) {
    const row = blocks.slice(first, first + perRow);
    const lines = (row[0] ?? []).map((_, line) =>
      row.map((block) => block[line] ?? '').join(' '.repeat(GAP)),
    );
    rows.push(lines.map((line) => line.trimEnd()).join('\n'));
  }
  return rows.join('\n\n');
}
