/** @file The most confident mistakes as text: pictures side by side, with classes and probability below each. */

import type { ChalkInstance } from 'chalk';
import { commonBox, crop, imageAt, widened } from '../data/grey-image.js';
import type { Split } from '../data/mnist.js';
import type { Prediction } from '../evaluate/predictions.js';
import { probabilityPercent } from '../text/probability.js';
import { drawPicture } from './picture.js';

/** Columns between two pictures, and the smallest width of a picture, which its caption needs. */
const GAP = 3;
const CAPTION = 20;

/**
 * Draws mistakes in rows that fit the width. All pictures are cropped to the same part.
 *
 * @param split the examples that the predictions are of
 */
export function mistakesText(
  mistakes: readonly Prediction[],
  split: Split,
  color: ChalkInstance,
  width: number,
): string {
  const images = mistakes.map(({ index }) => imageAt(split, index));
  const size = images[0]?.width ?? 0;
  const box = widened(commonBox(images), CAPTION, { width: size });
  const column = Math.max(box.width, CAPTION);
  const padding = ' '.repeat(column - box.width);
  const blocks = images.map((image, at) => [
    ...drawPicture(crop(image, box), color).map((line) => line + padding),
    ...caption(mistakes[at]).map((line, index) => {
      const padded = line.padEnd(column);
      return index === 0 ? padded : color.dim(padded);
    }),
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

/** The two lines below a picture. */
function caption(mistake: Prediction | undefined): string[] {
  if (!mistake) return [];
  const { label, predicted, probability, index } = mistake;
  return [`true ${label}, predicted ${predicted}`, `${probabilityPercent(probability)}  #${index}`];
}
