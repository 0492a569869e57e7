/** @file Reads a line of a run's CSV file. Files that a spreadsheet saved are read too, as `readCsv` does. */

/** The first line of a CSV file. */
export interface TailHeader {
  readonly names: readonly string[];
  readonly delimiter: string;
}

/** The characters between cells. Files with `;` or tabs may have decimal commas. */
const DELIMITERS = [',', ';', '\t'];

/** The most names of a header. Files of runs have 13; the first line of a damaged file can have millions. */
const MOST_NAMES = 64;

/** Reads the first line of a file. One with more names than any header has none. */
export function readHeader(line: string): TailHeader {
  const text = line.replace(/^(\uFEFF|\u00EF\u00BB\u00BF)/, '').replace(/\r$/, '');
  const delimiter = DELIMITERS.find((candidate) => text.includes(candidate)) ?? ',';
  const names = text.split(delimiter, MOST_NAMES + 1);
  if (names.length > MOST_NAMES) return { names: [], delimiter };
  return { names: names.map((name) => name.replace(/^"(.*)"$/, '$1')), delimiter };
}

/**
 * Reads a row into `row`, one number per name of the header; NaN if a value was not measured.
 *
 * @returns whether the line is a row: it has a cell for each name, and each is a number or empty
 */
export function readCells(line: string, { names, delimiter }: TailHeader, row: Float64Array): boolean {
  const cells = (line.endsWith('\r') ? line.slice(0, -1) : line).split(delimiter, names.length + 1);
  if (cells.length !== names.length) return false;
  for (const [index, cell] of cells.entries()) {
    const value = Number(delimiter === ',' ? cell : cell.replace(',', '.'));
    if (value === 0 && cell.trim() === '') {
      if (cell !== '') return false;
      row[index] = Number.NaN;
    } else if (Number.isNaN(value) && cell !== 'NaN') return false;
    else row[index] = value;
  }
  return true;
}
