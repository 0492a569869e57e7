/** @file A comparison as tables and notes for a terminal. */

import { type TableRow, table } from '../text/table.js';
import { wrap } from '../text/wrap.js';
import type { Comparison } from './compare.js';
import { footnotes, verdictNotes } from './notes.js';
import { type ComparisonRow, type ComparisonTable, comparisonTables } from './tables.js';

/** Functions that colour text, or return it unchanged. */
export type Style = Readonly<Record<'bold' | 'dim' | 'green' | 'red' | 'yellow', (text: string) => string>>;

/** Longer lines of text are hard to read. */
const LONGEST_LINE = 100;

/**
 * Renders a comparison for a terminal: the arms, the declared comparisons with remarks, the exploratory comparisons with
 * remarks, the notes on the runs, and how to read it.
 *
 * @param width of the terminal
 * @returns lines of at most this width, except single words that are longer
 */
export function compareText(comparison: Comparison, style: Style, width: number): string {
  const { comparisons, exploratory, family, notes } = comparison;
  const sentences = (texts: readonly string[]): string =>
    texts.flatMap((text) => wrap(text, Math.min(width, LONGEST_LINE), '  ')).join('\n');
  const remarks = {
    arm: '',
    comparison: sentences(verdictNotes(comparisons, family)),
    exploratory: sentences(verdictNotes(exploratory, family)),
  };
  return [
    ...comparisonTables(comparison, { compact: true }).flatMap((each) => [
      textTable(each, style, width),
      remarks[each.content],
    ]),
    notes.length === 0 ? '' : style.yellow(sentences(notes)),
    style.dim(sentences(footnotes(comparison))),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function textTable(
  { title, columns, hasVerdicts, rows }: ComparisonTable,
  style: Style,
  width: number,
): string {
  const { bold } = style;
  const upper: TableRow = { name: '', cells: columns.map(([line]) => line), paint: bold };
  const lower: TableRow = {
    name: title,
    cells: columns.map(([, line]) => line),
    ...(hasVerdicts ? { last: 'verdict' } : {}),
    paint: bold,
  };
  const heads = upper.cells.some(Boolean) ? [upper, lower] : [lower];
  return table(
    heads,
    rows.map(({ name, cells, verdict, kind }) => ({
      name,
      cells,
      ...(verdict === null ? {} : { last: verdict }),
      paint: painter(kind, style),
    })),
    width,
  );
}

function painter(
  kind: ComparisonRow['kind'],
  { green, red, dim, yellow }: Style,
): ((text: string) => string) | undefined {
  switch (kind) {
    case 'better':
      return green;
    case 'worse':
      return red;
    case 'undecided':
      return dim;
    case 'diverged arm':
      return yellow;
    default:
      return undefined;
  }
}
