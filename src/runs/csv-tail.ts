/** @file Follows a CSV file of a run that is being written: each call reads only what was appended since the last one. */

import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { UserError } from '../errors.js';
import { isPossible, type Row, readCsv } from './metrics.js';

/** The rows that a call has read. */
export interface Appended<Column extends string> {
  readonly rows: readonly Row<Column>[];
  /** Whether the file was read from its start, so that the rows of earlier calls no longer count. */
  readonly restarted: boolean;
}

/** How far a file was read. */
interface Place {
  /** The byte after the last line that was read. */
  readonly offset: number;
  /** That line, with its line break. If the file has another line there, it was replaced. */
  readonly line: string;
  /** The last step. */
  readonly step: number;
}

interface Read<Column extends string> extends Appended<Column> {
  readonly place: Place;
}

const START: Place = { offset: 0, line: '', step: 0 };

/** The number of bytes of each read. */
const CHUNK = 2 ** 18;
/** The longest part of a line that is kept while its end is looked for. A row is far shorter; a power cut can leave many zeros. */
const MOST_LINE = 2 ** 16;

/**
 * Follows a CSV file. A missing file has no rows. An incomplete last line is read when it is complete. A torn row in the
 * middle of the file ends the rows. A file that a spreadsheet saved in another form is read as a whole.
 *
 * @returns a function that reads the rows that were appended since its last call. If the file cannot be read, as during a
 *   failure of a network file system, it returns no rows, and the next call tries again.
 */
export function createCsvTail<Column extends string>(
  path: string,
  columns: readonly Column[],
): () => Appended<Column> {
  let place = START;
  let seen: string | undefined;
  return () => {
    try {
      const state = stateOf(path);
      if (state === seen) return { rows: [], restarted: false };
      const read = state === '' ? { rows: [], restarted: true, place: START } : readOn(path, columns, place);
      seen = state;
      place = read.place;
      return read;
    } catch {
      return { rows: [], restarted: false };
    }
  };
}

/** What changes when a file is written or replaced; empty if there is no file. */
function stateOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat?.isFile() ? `${stat.ino} ${stat.size} ${stat.mtimeMs}` : '';
}

/** Reads the rows after a place or, if the file was replaced, all rows. */
function readOn<Column extends string>(path: string, columns: readonly Column[], place: Place): Read<Column> {
  const handle = openSync(path, 'r');
  try {
    const after = readAfter(handle, columns, place);
    if (after !== null) return after;
    if (place.offset > 0) return readOn(path, columns, START);
  } finally {
    closeSync(handle);
  }
  return { rows: readOtherForm(path, columns), restarted: true, place: START };
}

/** Reads the rows after a place; null if the line before it is not the expected one. */
function readAfter<Column extends string>(
  handle: number,
  columns: readonly Column[],
  { offset, line: before, step }: Place,
): Read<Column> | null {
  const rows: Row<Column>[] = [];
  const restarted = offset === 0;
  const expected = restarted ? `${columns.join(',')}\n` : before;
  let place: Place = { offset, line: before, step };
  let isFirst = true;
  for (const line of linesFrom(handle, restarted ? 0 : offset - before.length)) {
    if (isFirst && line !== expected) return null;
    const row: Row<Column> | null = isFirst ? null : parseRow(line, columns, place.step);
    if (!isFirst && row === null) break; // a torn row
    if (row) rows.push(row);
    if (!isFirst || restarted) {
      const last = row === null ? 0 : ((row as Row<string>).step ?? place.step);
      place = { offset: place.offset + line.length, line, step: last };
    }
    isFirst = false;
  }
  if (isFirst && !restarted) return null; // the file is shorter than before
  return { rows, restarted, place };
}

/** The complete lines of a file from a byte on, with their line breaks, up to one that is no row; each character is a byte. */
function* linesFrom(handle: number, offset: number): Generator<string> {
  const buffer = Buffer.allocUnsafe(CHUNK);
  let rest = '';
  for (let position = offset; ; ) {
    const count = readSync(handle, buffer, 0, CHUNK, position);
    if (count === 0) return;
    position += count;
    const text = rest + buffer.toString('latin1', 0, count);
    let from = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
      yield text.slice(from, end + 1);
      from = end + 1;
    }
    rest = text.slice(from);
    if (rest.length > MOST_LINE) return;
  }
}

/** The row in a line; null if the line is not a row that can follow the step before it. */
function parseRow<Column extends string>(
  line: string,
  columns: readonly Column[],
  before: number,
): Row<Column> | null {
  const cells = line.slice(0, -1).split(',');
  if (cells.length !== columns.length) return null;
  const row: Partial<Record<Column, number | null>> = {};
  for (const [index, column] of columns.entries()) {
    const cell = cells[index] ?? '';
    const value = cell === '' ? null : Number(cell.trim() || 'blank');
    if (value !== null && ((Number.isNaN(value) && cell !== 'NaN') || !isPossible(column, value)))
      return null;
    row[column] = value;
  }
  const { step } = row as Row<string>;
  return typeof step === 'number' && step < before ? null : (row as Row<Column>);
}

/** The rows of a file that another program has saved; none if it is damaged, which `wnlstm verify` reports. */
function readOtherForm<Column extends string>(path: string, columns: readonly Column[]): Row<Column>[] {
  try {
    return readCsv(path, columns);
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
}
