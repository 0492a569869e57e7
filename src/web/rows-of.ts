/** @file The rows of a file that is followed, in the form that the rest of the program uses. */

import type { Tail } from '../runs/follow-csv.js';
import type { Row } from '../runs/metrics.js';
import { rowAt } from '../runs/number-table.js';

/** Rows that were made before; only those that were appended since are made again. */
const made = new WeakMap<object, Record<string, number | null>[]>();

/** The rows of a file. Columns that it lacks are null. */
export function rowsOf<FileRow extends Row<string>>({ table }: Tail): readonly FileRow[] {
  const rows = made.get(table) ?? []; // a file that is replaced has another table
  made.set(table, rows);
  while (rows.length < table.count) rows.push(rowAt(table, rows.length));
  return rows as unknown as readonly FileRow[];
}
