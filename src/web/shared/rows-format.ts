/** @file The binary form of rows: a head of two numbers, then each column, as float64 in the byte order of the machine. */

/** Columns of the rows of a file. */
export interface RowColumns {
  /** The version of the file, see `RowsEvent`. */
  readonly version: number;
  /** One array per requested column, all of the length of the rows. */
  readonly columns: readonly Float64Array[];
}

const HEAD = 2;

/** The rows as bytes. */
export function encodeRows({ version, columns }: RowColumns): Uint8Array {
  const count = columns[0]?.length ?? 0;
  const numbers = new Float64Array(HEAD + count * columns.length);
  numbers.set([version, count]);
  for (const [index, column] of columns.entries()) numbers.set(column, HEAD + index * count);
  return new Uint8Array(numbers.buffer);
}

/**
 * The rows of bytes that `encodeRows` made.
 *
 * @throws {RangeError} if the bytes are cut off
 */
export function decodeRows(bytes: ArrayBuffer): RowColumns {
  const numbers = new Float64Array(bytes);
  const [version = 0, count = 0] = numbers;
  const columns = count === 0 ? 0 : (numbers.length - HEAD) / count;
  if (!Number.isInteger(columns)) throw new RangeError('the rows are cut off');
  return {
    version,
    columns: Array.from({ length: columns }, (_, index) =>
      numbers.slice(HEAD + index * count, HEAD + (index + 1) * count),
    ),
  };
}
