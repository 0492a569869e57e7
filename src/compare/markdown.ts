/** @file A comparison as Markdown for GitHub: tables, and a list of notes. */

import type { Comparison } from './compare.js';
import { comparisonNotes } from './notes.js';
import { comparisonTables, toGrid } from './tables.js';

/** Renders a comparison as Markdown. */
export function compareMarkdown(comparison: Comparison): string {
  return [
    ...comparisonTables(comparison).map((table) => markdownTable(toGrid(table))),
    comparisonNotes(comparison)
      .map((note) => `- ${note}`)
      .join('\n'),
  ].join('\n\n');
}

function markdownTable([head = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const rule = head.map((_, column) => (column === 0 ? '---' : '--:'));
  return [head, rule, ...rows].map(line).join('\n');
}
