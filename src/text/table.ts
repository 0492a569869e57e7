/** @file Plain text tables that fit a given width. */

import { wrap, wrapWords } from './wrap.js';

/** A row of a table: a name, numbers and, optionally, words at the end. */
export interface TableRow {
  readonly name: string;
  /** The numbers; all rows of a table have the same count. */
  readonly cells: readonly string[];
  readonly last?: string;
  /** Colours a line of the row. */
  readonly paint?: (text: string) => string;
}

/** The smallest width of the column of words at the end. Shorter words are never wrapped. */
const LAST_WIDTH = 24;

/**
 * A table of at most `width` columns. Cells are never cut; only a single word that is longer exceeds the width.
 *
 * @param heads lines of the heading
 * @param width Infinity for lines of any length
 */
export function table(
  heads: readonly TableRow[],
  rows: readonly TableRow[],
  width = Number.POSITIVE_INFINITY,
): string {
  const all = [...heads, ...rows];
  const fits = (gap: number, withNames: boolean): boolean => {
    const { numbers, name, last } = measure(all, gap);
    const rest = last <= LAST_WIDTH ? last : 0;
    return numbers + (withNames ? name + rest : 0) <= width;
  };
  const gap = fits(2, true) || !fits(1, true) ? [2, 1].find((size) => fits(size, false)) : 1;
  return (gap === undefined ? paragraphs(heads, rows, width) : columnLines(all, width, gap)).join('\n');
}

/** The widths that the columns of a table need. */
function measure(rows: readonly TableRow[], gap: number) {
  const widths = columnWidths(rows.map(({ cells }) => cells));
  const last = longest(rows.map((row) => row.last ?? ''));
  return {
    numbers: widths.reduce((total, width) => total + width + gap, 0),
    name: longest(rows.map(({ name }) => name)),
    last: last === 0 ? 0 : last + gap,
  };
}

/** The width of each column of cells. */
function columnWidths(rows: readonly (readonly string[])[]): number[] {
  return (rows[0] ?? []).map((_, column) => longest(rows.map((row) => row[column] ?? '')));
}

function longest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map((text) => text.length));
}

/** Each row as a paragraph: its name, then each cell after its heading. */
function paragraphs(heads: readonly TableRow[], rows: readonly TableRow[], width: number): string[] {
  return rows.flatMap(({ name, cells, last, paint = (text: string) => text }) => {
    const pairs = cells.map((cell, column) =>
      [...heads.map((head) => head.cells[column]), cell].filter(Boolean).join(' '),
    );
    const below = [...wrapWords(pairs, width - 2, '  '), ...(last ? wrap(last, width - 2) : [])];
    const named = /^\d+$/.test(name) ? `${heads.at(-1)?.name} ${name}` : name;
    return [...wrap(named, width, '  '), ...below.map((line) => `  ${line}`)].map((line) => paint(line));
  });
}

/**
 * Rows as lines of aligned columns. A name that is too long for its column is on its own line, above the numbers. Words
 * at the end that are too long wrap in their column or, if that would be too narrow, below the numbers.
 */
function columnLines(rows: readonly TableRow[], width: number, gap: number): string[] {
  const { numbers, name: longestName, last } = measure(rows, gap);
  const beside = width - numbers - longestName; // what is left for the words at the end
  const lastIsShort = last <= LAST_WIDTH && numbers + last <= width;
  const lastWidth = lastIsShort || last <= beside ? last : beside >= LAST_WIDTH ? beside : 0;
  const nameWidth = width - numbers - lastWidth;
  const aligned = alignedLines(
    rows.map(({ name, cells }) => [name.length > nameWidth ? '' : name, ...cells]),
    gap,
  );
  const column = longest(aligned) + gap;
  return rows.flatMap(({ name, last: words = '', paint = (text: string) => text }, index) => {
    const line = aligned[index] ?? '';
    const lines = name.length > nameWidth ? wrap(name, width, '  ') : [];
    if (words === '') lines.push(line);
    else if (lastWidth === 0) lines.push(line, ...wrap(`  ${words}`, width, '  '));
    else {
      const [first = '', ...rest] = wrap(words, lastWidth - gap);
      lines.push(line.padEnd(column) + first, ...rest.map((more) => ' '.repeat(column) + more));
    }
    return lines.map((text) => paint(text));
  });
}

/**
 * Rows of cells as aligned columns. The first column is aligned left; the others, which are mostly numbers, right.
 *
 * @param rows without colour codes; all of equal length
 * @param gap spaces between two columns
 */
export function alignColumns(rows: readonly (readonly string[])[], gap = 2): string {
  return alignedLines(rows, gap).join('\n');
}

function alignedLines(rows: readonly (readonly string[])[], gap: number): string[] {
  const widths = columnWidths(rows);
  return rows.map((row) =>
    widths
      .map((width, column) => {
        const cell = row[column] ?? '';
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join(' '.repeat(gap))
      .trimEnd(),
  );
}
