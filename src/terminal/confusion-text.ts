/** @file The confusion matrix as text: aligned columns, in blocks that fit the terminal, shaded where there are colours. */

import type { ChalkInstance } from 'chalk';
import { shadesOf } from '../evaluate/scores.js';

/** Shades of equal lightness, readable with white text on dark and light terminals: grey for few, a hue for many. */
const GREY = [107, 107, 107] as const;
const RIGHT = [0, 114, 178] as const;
const WRONG = [204, 85, 0] as const;
/** The faintest shade that is drawn. */
const FAINTEST = 0.3;
/** The level of chalk from which cells are shaded: 256 colours. */
const SHADED = 2;

/**
 * Formats a confusion matrix. If its columns do not fit the width, they are in several blocks, one below the other.
 *
 * @param confusion numbers of examples, `[true class][predicted class]`
 * @param width Infinity for lines of any length
 */
export function confusionText(
  confusion: readonly (readonly number[])[],
  color: ChalkInstance,
  width = Number.POSITIVE_INFINITY,
): string {
  const classes = confusion.length;
  const cells = confusion.flat();
  const cell = Math.max(...cells.map((count) => String(count).length), String(classes - 1).length) + 1;
  const head = Math.max('true'.length, String(classes - 1).length);
  const most = Math.max(1, Math.min(classes, Math.floor((width - head - 1) / cell)));
  const perBlock = Math.ceil(classes / Math.ceil(classes / most)); // blocks of about equal width
  const shades = shadesOf(confusion);
  const blocks: string[] = [];
  for (let first = 0; first < classes; first += perBlock) {
    const columns = Array.from({ length: Math.min(perBlock, classes - first) }, (_, index) => first + index);
    blocks.push(
      [
        color.dim(`${'true'.padStart(head)}  predicted`),
        color.dim(`${' '.repeat(head + 1)}${columns.map((label) => String(label).padStart(cell)).join('')}`),
        ...confusion.map((row, label) => {
          const texts = columns.map((other) => {
            const text = String(row[other] || '·').padStart(cell);
            return paint(text, label === other, shades[label]?.[other] ?? 0, color);
          });
          return `${color.dim(String(label).padStart(head))} ${texts.join('')}`;
        }),
      ].join('\n'),
    );
  }
  return blocks.join('\n\n');
}

function paint(text: string, isRight: boolean, shade: number, color: ChalkInstance): string {
  if (shade === 0) return color.dim(text);
  if (color.level < SHADED) return isRight ? color.bold(text) : text;
  if (shade < FAINTEST) return text;
  const hue = isRight ? RIGHT : WRONG;
  const [red, green, blue] = GREY.map((grey, channel) =>
    Math.round(grey + shade * ((hue[channel] ?? grey) - grey)),
  ) as [number, number, number];
  return color.bgRgb(red, green, blue).whiteBright(text);
}
