/** @file Text in lines that are no longer than a given width. */

import { visibleLength } from './printable.js';

/** Text in lines of at most `width` columns, broken at spaces. */
export function wrap(text: string, width: number, indent = ''): string[] {
  return wrapWords(text.split(' '), width, ' ', indent);
}

/**
 * Words in lines of at most `width` columns; a longer word has a line of its own.
 *
 * @param words may have colour codes, which take no columns
 * @param gap between two words of a line
 * @param indent of all lines but the first
 */
export function wrapWords(words: readonly string[], width: number, gap = ' ', indent = ''): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const line = lines.at(-1);
    const longer = `${line}${gap}${word}`;
    if (line === undefined) lines.push(word);
    else if (visibleLength(longer) > width) lines.push(indent + word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

/**
 * Text in lines that are as long as words allow. A word longer than a line is parted behind a comma, or where it has to be.
 *
 * @param longest characters of a line
 * @param indent characters that lines after the first are shorter by
 */
export function wrapped(text: string, longest: number, indent = 0): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    for (const [index, piece] of pieces(word, longest - indent).entries()) {
      const last = lines.at(-1);
      const gap = index === 0 ? ' ' : '';
      const room = longest - (lines.length > 1 ? indent : 0);
      if (last !== undefined && last.length + gap.length + piece.length <= room)
        lines[lines.length - 1] = last + gap + piece;
      else lines.push(piece);
    }
  }
  return lines;
}

/** Pieces of a word that has no spaces: behind its commas, else wherever the line ends. */
function pieces(word: string, longest: number): string[] {
  return word.length <= longest
    ? [word]
    : (word.match(/[^,]*,|[^,]+$/g) ?? []).flatMap(
        (part) => part.match(new RegExp(`.{1,${longest}}`, 'gu')) ?? [],
      );
}
