/** @file Reads a CSV of a run strictly: every cell that training cannot have written is a problem, with its line. */

import { type Row, timeColumns } from '../runs/metrics.js';
import type { StoredStatus } from '../runs/record.js';
import type { Problem } from './findings.js';

/** The rows of a CSV and its problems. A cell that is not a number is null. */
export interface Parsed<Column extends string> {
  readonly rows: readonly Row<Column>[];
  readonly problems: readonly Problem[];
  /** Whether the header is correct; if not, there are no rows. */
  readonly hasHeader: boolean;
  /** Whether the last line is incomplete. */
  readonly isIncomplete: boolean;
}

const FRACTIONS = ['accuracy', 'val_accuracy', 'clip_fraction'];

/** Reads the contents of a CSV. */
export function parseCsv<Column extends string>(
  file: string,
  text: string,
  columns: readonly Column[],
  status: StoredStatus,
): Parsed<Column> {
  const problems: Problem[] = [];
  const wrong = (line: number, message: string): void => void problems.push({ file, line, message });
  const lines = text.split('\n');
  const isIncomplete = lines.pop() !== '';
  if (isIncomplete && !mayBeIncomplete(status)) wrong(lines.length + 1, 'The last line is incomplete.');
  if (lines[0] !== columns.join(',')) {
    if (lines.length > 0 || !isIncomplete) wrong(1, `Expected the header ${columns.join(',')}.`);
    return { rows: [], problems, hasHeader: false, isIncomplete };
  }
  const rows = lines.slice(1).map((lineText, row) => {
    const cells = lineText.split(',');
    const isLast = row === lines.length - 2;
    if (cells.length !== columns.length) {
      wrong(lineOf(row), `Expected ${columns.length} cells, got ${cells.length}.`);
      return Object.fromEntries(columns.map((column) => [column, null])) as Row<Column>;
    }
    const values = columns.map((column, index): [Column, number | null] => {
      const value = cells[index] === '' ? Number.NaN : Number(cells[index]);
      const finite = !(isLast && mayDiverge(status)) || column === 'step' || timeColumns.includes(column);
      const problem = cellProblem(column, cells[index] ?? '', value, finite);
      if (problem) wrong(lineOf(row), `${column}: ${problem}.`);
      return [column, problem ? null : value];
    });
    return Object.fromEntries(values) as Row<Column>;
  });
  return { rows, problems, hasHeader: true, isIncomplete };
}

/** A process that was killed may have left an incomplete line, which resuming the run removes. */
function mayBeIncomplete(status: StoredStatus): boolean {
  return status === 'running' || status === 'failed';
}

/** Training stops at the first value that is not finite. A process may be killed before it records that the run diverged. */
function mayDiverge(status: StoredStatus): boolean {
  return status === 'diverged' || mayBeIncomplete(status);
}

/** The problem of a cell, or null. */
function cellProblem(column: string, text: string, value: number, finite: boolean): string | null {
  if (text === '') return 'the cell is empty';
  const got = JSON.stringify(text);
  if (Number.isNaN(value) && text !== 'NaN') return `expected a number, got ${got}`;
  if (String(value) !== text) return `expected a number in its shortest form, got ${got}`;
  if (finite && !Number.isFinite(value)) return `expected a finite number, got ${text}`;
  if (FRACTIONS.includes(column) && (value < 0 || value > 1))
    return `expected a number from 0 to 1, got ${text}`;
  return null;
}

/** The line of a row in its file, where the header is line 1. */
export function lineOf(row: number): number {
  return row + 2;
}
