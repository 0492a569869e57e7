/** @file The most confident mistakes as text: pictures side by side, with classes and probability below each. */

import type { ChalkInstance } from 'chalk';
import { commonBox, crop, imageAt, widened } from '../data/grey-image.js';
import type { Split } from '../data/mnist.js';
import type { Prediction } from '../evaluate/predictions.js';
import { probabilityPercent } from '../text/probability.js';
import { drawPicture } from './picture.js';

/** Columns between two pictures. */
const GAP = 3;

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
  const captions = mistakes.map(captionOf);
  const longest = Math.max(...captions.flat().map((line) => line.length));
  const box = widened(commonBox(images), longest, { width: images[0]?.width ?? 0 });
  const column = Math.max(box.width, longest);
  const blocks = images.map((image, at) => {
    const [classes = '', detail = ''] = captions[at] ?? [];
    return [
      ...drawPicture(crop(image, box), color).map((line) => line + ' '.repeat(column - box.width)),
      classes.padEnd(column),
      color.dim(detail.padEnd(column)),
    ];
  });
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
function captionOf({ label, predicted, probability, index }: Prediction): [classes: string, detail: string] {
  return [`true ${label}, predicted ${predicted}`, `${probabilityPercent(probability)}  #${index}`];
}
