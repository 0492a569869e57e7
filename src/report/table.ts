/** @file Plain text tables. */

/**
 * Rows of cells as lines, columns aligned: the first to the left, the others, mostly numbers, to the right.
 *
 * @param rows without colour codes; all of equal length
 */
export const alignColumns = (rows: readonly (readonly string[])[]): string => {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
      .join('  ');
  return rows.map((row) => line(row).trimEnd()).join('\n');
};
