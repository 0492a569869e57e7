/** @file A table of numbers that grows by rows and is read by columns. */

/** Columns of numbers. NaN stands for a value that was not measured. */
export interface Table {
  /** The number of rows. */
  readonly count: number;
  readonly names: readonly string[];
  /** Appends a row, one number per name. */
  readonly append: (row: Float64Array) => void;
  /** The values of a column from a row on; NaN for all rows if there is no such column. */
  readonly column: (name: string, from?: number) => Float64Array;
  /** A value; null if it was not measured. The last row has the index -1. */
  readonly at: (name: string, row: number) => number | null;
}

/** The number of rows that the first arrays hold. */
const FIRST_ROWS = 64;

/** Creates a table without rows. */
export function createTable(names: readonly string[]): Table {
  const columns = names.map(() => new Float64Array(FIRST_ROWS));
  let count = 0;

  const column = (name: string, from = 0): Float64Array =>
    columns[names.indexOf(name)]?.subarray(from, count) ?? new Float64Array(count - from).fill(Number.NaN);

  return {
    get count() {
      return count;
    },
    names,
    append: (row) => {
      for (const [index, values] of columns.entries()) {
        let target = values;
        if (count === target.length) {
          target = new Float64Array(2 * count);
          target.set(values);
          columns[index] = target;
        }
        target[count] = row[index] ?? Number.NaN;
      }
      count++;
    },
    column,
    at: (name, row) => {
      const value = columns[names.indexOf(name)]?.[row < 0 ? count + row : row];
      return value === undefined || Number.isNaN(value) ? null : value;
    },
  };
}

/** A row as an object; null stands for a value that was not measured. */
export function rowAt({ names, at }: Table, index: number): Record<string, number | null> {
  return Object.fromEntries(names.map((name) => [name, at(name, index)]));
}
