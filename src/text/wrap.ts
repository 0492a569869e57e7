/** @file Breaks text into lines of a given width. */

import { visibleLength } from './printable.js';

/** Breaks text at spaces into lines of at most `width` columns; a longer word has its own line. */
export function wrap(text: string, width: number, indent = ''): string[] {
  return wrapWords(text.split(' '), width, ' ', indent);
}

/**
 * Joins words into lines of at most `width` columns; a longer word has its own line.
 *
 * @param words may contain colour codes, which take no columns
 * @param gap text between two words of a line
 * @param indent text before every line except the first
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
 * Breaks text into lines of at most `longest` characters. A word longer than a line is broken after a comma or, if there
 * is none, at the end of the line.
 *
 * @param indent number of characters by which lines after the first are shorter
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

/** Breaks a word into pieces of at most `longest` characters, after commas where possible. */
function pieces(word: string, longest: number): string[] {
  return word.length <= longest
    ? [word]
    : (word.match(/[^,]*,|[^,]+$/g) ?? []).flatMap(
        (part) => part.match(new RegExp(`.{1,${longest}}`, 'gu')) ?? [],
      );
}
