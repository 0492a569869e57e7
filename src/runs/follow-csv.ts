/** @file Follows a CSV file that another process writes: each look reads only the bytes that were appended. */

import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { readCells, readHeader, type TailHeader } from './csv-line.js';
import { statOrNull } from './file-state.js';
import { createTable, type Table } from './number-table.js';

/** The most bytes that are read at a time. */
const CHUNK_BYTES = 2 ** 22;
/** The bytes before the position that must not change; otherwise the file was replaced. */
const MARK_BYTES = 64;

/** The rows of a file so far. */
export interface Tail {
  /** The complete rows that could be read. */
  readonly table: Table;
  /** Rises when the file was replaced, for example by a run that resumes, or removed; the earlier rows are then void. */
  readonly version: number;
  /** The number of complete lines that could not be read. */
  readonly unreadable: number;
  /** Reads what was appended since the last look. Returns whether anything changed. */
  readonly look: () => boolean;
}

/**
 * Follows a file, which may not exist yet. An incomplete last line is left until it is complete.
 *
 * @param path of the CSV file
 */
export function followCsv(path: string): Tail {
  let table = createTable([]);
  let row = new Float64Array();
  let lastStep = 0;
  let version = 0;
  let unreadable = 0;
  let header: TailHeader | null = null;
  let offset = 0;
  let mark: Uint8Array = new Uint8Array();
  let identity = '';
  let seen = '';

  const reset = (): void => {
    if (offset > 0) version++;
    [table, unreadable, header, offset, mark] = [createTable([]), 0, null, 0, new Uint8Array()];
    lastStep = 0;
  };

  const take = (line: string): void => {
    if (header === null) {
      header = readHeader(line);
      table = createTable(header.names);
      row = new Float64Array(header.names.length);
      return;
    }
    const isRow = readCells(line, header, row);
    const step = row[header.names.indexOf('step')] ?? Number.NaN;
    if (!isRow || step < lastStep)
      unreadable++; // steps increase
    else {
      table.append(row);
      if (step > lastStep) lastStep = step;
    }
  };

  const read = (handle: number): boolean => {
    const stat = fstatSync(handle);
    if (!stat.isFile()) return false; // a pipe or a device
    const isOther =
      identityOf(stat) !== identity || stat.size < offset || !endsWithMark(handle, offset, mark);
    const before = version;
    if (isOther) reset();
    [identity, seen] = [identityOf(stat), stateOf(stat)];
    const start = offset;
    while (offset < stat.size) {
      const part = readLines(handle, offset, Math.min(stat.size - offset, CHUNK_BYTES));
      if (part === null) break; // only a part of a line
      for (const line of part.lines) take(line);
      offset += part.bytes;
      mark = part.mark;
    }
    return version !== before || offset !== start;
  };

  const look = (): boolean => {
    const stat = statOrNull(path);
    if (stat && stateOf(stat) === seen) return false;
    const handle = stat ? openOrNull(path) : null;
    if (handle === null) {
      const had = offset > 0;
      reset();
      [identity, seen] = ['', ''];
      return had;
    }
    try {
      return read(handle);
    } finally {
      closeSync(handle);
    }
  };

  return {
    get table() {
      return table;
    },
    get version() {
      return version;
    },
    get unreadable() {
      return unreadable;
    },
    look,
  };
}

function openOrNull(path: string): number | null {
  try {
    return openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)); // a pipe must not block
  } catch {
    return null; // it was removed, or cannot be read; the next look tries again
  }
}

function identityOf({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}

/** What changes whenever the file changes. */
function stateOf(stat: Stats): string {
  return `${identityOf(stat)}:${stat.size}:${stat.mtimeMs}`;
}

/** Whether the bytes before the position are still those that were read. */
function endsWithMark(handle: number, offset: number, mark: Uint8Array): boolean {
  const found = Buffer.alloc(mark.length);
  return (
    readSync(handle, found, 0, found.length, offset - found.length) === found.length && found.equals(mark)
  );
}

/** The complete lines in a part of a file, and its last bytes; null if it has no complete line. */
function readLines(
  handle: number,
  offset: number,
  length: number,
): { lines: string[]; bytes: number; mark: Uint8Array } | null {
  const buffer = Buffer.alloc(length);
  const bytes = buffer.subarray(0, readSync(handle, buffer, 0, length, offset)).lastIndexOf('\n') + 1;
  if (bytes === 0) return null;
  const lines = buffer.toString('latin1', 0, bytes - 1).split('\n');
  return { lines, bytes, mark: Uint8Array.from(buffer.subarray(Math.max(0, bytes - MARK_BYTES), bytes)) };
}
