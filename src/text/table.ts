/** @file Plain text tables that fit a given width. */

import { wrap, wrapWords } from './wrap.js';

/** A row of a table: a name, numbers, and words at the end. */
export interface TableRow {
  readonly name: string;
  /** As many in each row of a table. */
  readonly cells: readonly string[];
  readonly last?: string;
  /** Colours a line of the row. */
  readonly paint?: (text: string) => string;
}

/** Words at the end keep a column of their own up to this length, and wrap in one that is at least as wide. */
const LAST_WIDTH = 24;

/**
 * A table of at most `width` columns, but for single words that are longer; no cell is ever cut.
 *
 * @param heads lines of the heading
 * @param width Infinity where lines may be of any length
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

/** What the columns of a table need. */
function measure(rows: readonly TableRow[], gap: number) {
  const numbers = sum(
    rows[0].cells.map((_, column) => longest(rows.map(({ cells }) => cells[column])) + gap),
  );
  const last = longest(rows.map((row) => row.last ?? ''));
  return { numbers, name: longest(rows.map(({ name }) => name)), last: last === 0 ? 0 : last + gap };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function longest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map((text) => text.length));
}

/** Each row as a paragraph: its name, then its cells, each after its heading. */
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
 * Rows as lines of columns. A name that is too long for its column stands on a line of its own, above its numbers; words
 * at the end that are too long wrap in their column, or below the numbers where that would be too narrow.
 */
function columnLines(rows: readonly TableRow[], width: number, gap: number): string[] {
  const { numbers, name: longestName, last } = measure(rows, gap);
  const beside = width - numbers - longestName; // what is left for the words at the end
  const lastIsShort = last <= LAST_WIDTH && numbers + last <= width;
  const lastWidth = lastIsShort || last <= beside ? last : beside >= LAST_WIDTH ? beside : 0;
  const room = width - numbers - lastWidth;
  const aligned = alignColumns(
    rows.map(({ name, cells }) => [name.length > room ? '' : name, ...cells]),
    gap,
  ).split('\n');
  const column = longest(aligned) + gap;
  return rows.flatMap(({ name, last: words = '', paint = (text: string) => text }, index) => {
    const lines = name.length > room ? wrap(name, width, '  ') : [];
    if (words === '') lines.push(aligned[index]);
    else if (lastWidth === 0) lines.push(aligned[index], ...wrap(`  ${words}`, width, '  '));
    else {
      const [first, ...rest] = wrap(words, lastWidth - gap);
      lines.push(aligned[index].padEnd(column) + first, ...rest.map((line) => ' '.repeat(column) + line));
    }
    return lines.map((line) => paint(line));
  });
}

/**
 * Rows of cells as lines, columns aligned: the first to the left, the others, mostly numbers, to the right.
 *
 * @param rows without colour codes; all of equal length
 * @param gap spaces between two columns
 */
export function alignColumns(rows: readonly (readonly string[])[], gap = 2): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
      .join(' '.repeat(gap));
  return rows.map((row) => line(row).trimEnd()).join('\n');
}
