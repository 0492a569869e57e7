/** @file Reads a line of a run's CSV file. Files that a spreadsheet saved are read too, as `readCsv` does. */

/** The values of a row by column; null if a value was not measured. */
export type TailRow = Readonly<Record<string, number | null>>;

/** The first line of a CSV file. */
export interface TailHeader {
  readonly names: readonly string[];
  readonly delimiter: string;
}

/** The characters between cells. Files with `;` or tabs may have decimal commas. */
const DELIMITERS = [',', ';', '\t'];

/** Reads the first line of a file. */
export function readHeader(line: string): TailHeader {
  const text = line.replace(/^\uFEFF/, '').replace(/\r$/, '');
  const delimiter = DELIMITERS.find((candidate) => text.includes(candidate)) ?? ',';
  return { names: text.split(delimiter).map((name) => name.replace(/^"(.*)"$/, '$1')), delimiter };
}

/** Reads a row; null if it has another number of cells than the header, or a cell that is not a number. */
export function parseCells(line: string, { names, delimiter }: TailHeader): TailRow | null {
  const cells = line.replace(/\r$/, '').split(delimiter);
  if (cells.length !== names.length) return null;
  const row: Record<string, number | null> = {};
  for (const [index, name] of names.entries()) {
    const cell = cells[index] ?? '';
    const value = cell === '' ? null : numberOf(delimiter === ',' ? cell : cell.replace(',', '.'));
    if (value === undefined) return null;
    row[name] = value;
  }
  return row;
}

/** A number, also NaN and Infinity, or undefined if the text is no number. */
function numberOf(text: string): number | undefined {
  const value = Number(text.trim() || 'blank');
  return Number.isNaN(value) && text !== 'NaN' ? undefined : value;
}
