/** @file Follows the rows of a CSV file of a run: each call returns those that were appended since the last one. */

import { followCsv } from './follow-csv.js';
import type { Row } from './metrics.js';
import { rowAt } from './number-table.js';

/** The rows that a call has read. */
export interface Appended<FileRow> {
  readonly rows: readonly FileRow[];
  /** Whether the file was replaced or removed, so that the rows of earlier calls no longer count. */
  readonly restarted: boolean;
}

/** Follows a file with `FileRow`s, which may not exist yet. */
export function followRows<FileRow extends Row<string>>(path: string): () => Appended<FileRow> {
  const file = followCsv(path);
  let version = file.version;
  let count = 0;
  return () => {
    file.look();
    const restarted = file.version !== version;
    if (restarted) [version, count] = [file.version, 0];
    const rows: FileRow[] = [];
    while (count < file.table.count) rows.push(rowAt(file.table, count++) as FileRow);
    return { rows, restarted };
  };
}
