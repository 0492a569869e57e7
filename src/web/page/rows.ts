/** @file The rows of the runs that are shown. The first ones are fetched, and the server pushes what is appended. */

import type { RowsEvent, RowsFile } from '../shared/protocol.js';
import { fetchRows } from './connection.js';

/** The rows of one file of a run. */
interface FileRows {
  readonly version: number;
  count: number;
  /** Arrays with room for more than `count` values. */
  readonly columns: Map<string, Float64Array>;
  /** Rises with every change, for caches. */
  revision: number;
}

/** The rows that the page has. */
export interface RowStore {
  /** A column of a file; null until it has arrived. Asking for it fetches it. */
  readonly column: (run: string, file: RowsFile, name: string) => Float64Array | null;
  /** A number that rises when a file changes. */
  readonly revision: (run: string, file: RowsFile) => number;
  readonly apply: (event: RowsEvent) => void;
  /** Fetches what was appended while the connection was lost. */
  readonly refresh: () => void;
  readonly forget: (run: string) => void;
}

/** @param onChange called when rows of a run arrive */
export function createRowStore(onChange: (run: string) => void): RowStore {
  const files = new Map<string, FileRows>();
  /** The files to fetch, with the columns that they do not have yet. */
  const wanted = new Map<string, Set<string>>();
  const pending = new Set<string>();

  /** Columns that are asked for one after the other are fetched together. */
  const request = (key: string, ...names: readonly string[]): void => {
    if (!wanted.has(key) && !pending.has(key)) queueMicrotask(() => void load(key));
    wanted.set(key, new Set([...(wanted.get(key) ?? []), ...names]));
  };

  const load = async (key: string): Promise<void> => {
    const names = [...new Set([...(wanted.get(key) ?? []), ...(files.get(key)?.columns.keys() ?? [])])];
    wanted.delete(key);
    pending.add(key);
    const [run, file] = parsed(key);
    try {
      const { version, columns } = await fetchRows(run, file, names);
      const before = files.get(key);
      const count = columns[0]?.length ?? 0;
      files.set(key, {
        version,
        count,
        columns: new Map(names.map((name, index) => [name, columns[index] ?? new Float64Array()])),
        revision: (before?.revision ?? 0) + 1,
      });
      if (before?.version === version && before.count > count) request(key); // rows were pushed meanwhile
      onChange(run);
    } catch {
      // The server is gone. When it is back, refresh() asks again.
    } finally {
      pending.delete(key);
      if (wanted.has(key)) void load(key);
    }
  };

  return {
    column: (run, file, name) => {
      const key = keyOf(run, file);
      const found = files.get(key);
      const column = found?.columns.get(name);
      if (found && column) return column.subarray(0, found.count);
      request(key, name);
      return null;
    },
    revision: (run, file) => files.get(keyOf(run, file))?.revision ?? 0,
    apply: ({ run, file, version, from, columns, rows }) => {
      const key = keyOf(run, file);
      const found = files.get(key);
      if (pending.has(key) || (found && (found.version !== version || from > found.count))) {
        request(key);
        return;
      }
      if (!found) return;
      const count = from + rows.length;
      for (const [name, values] of found.columns) {
        const target = withRoom(values, count);
        const at = columns.indexOf(name);
        for (const [index, row] of rows.entries()) target[from + index] = row[at] ?? Number.NaN;
        found.columns.set(name, target);
      }
      found.count = count;
      found.revision++;
      onChange(run);
    },
    refresh: () => {
      for (const key of files.keys()) request(key);
    },
    forget: (run) => {
      for (const key of [...files.keys()]) if (parsed(key)[0] === run) files.delete(key);
    },
  };
}

function keyOf(run: string, file: RowsFile): string {
  return `${file}/${run}`;
}

function parsed(key: string): [run: string, file: RowsFile] {
  const at = key.indexOf('/');
  return [key.slice(at + 1), key.slice(0, at) as RowsFile];
}

/** The values in an array that has room for a number of values. It doubles, so that appending takes little time. */
function withRoom(values: Float64Array, count: number): Float64Array {
  if (values.length >= count) return values;
  const larger = new Float64Array(Math.max(count, 2 * values.length));
  larger.set(values);
  return larger;
}
