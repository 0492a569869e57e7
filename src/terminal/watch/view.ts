/** @file The screen of `wnlstm watch`: from the runs and the user's choices to the lines of a terminal. */

import type { Watched } from '../../results/watched.js';
import { plural } from '../../text/plural.js';
import { singleLine } from '../../text/printable.js';
import { wrapWords } from '../../text/wrap.js';
import type { Io } from '../io.js';
import { headlineParts } from './headline.js';
import { legendLine, marksOf, panelLines } from './panel.js';
import { runTable } from './run-table.js';
import { type Selection, selectionOf } from './selection.js';
import { KEYS, scrollLimit, type WatchState } from './state.js';

/** The size of a terminal, in characters. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** The smallest terminal that has room for curves and a table. */
export const LEAST: Size = { columns: 50, rows: 16 };

/** What does not change while runs are watched. */
export interface Setting {
  /** What is watched, such as `runs/article`. */
  readonly title: string;
  readonly color: Io['outColor'];
}

/** The rows of the parts of the screen that grow with it. */
export interface Layout {
  /** Rows of the panel, without its frame. */
  readonly panel: number;
  /** Rows of the table, without its heading. */
  readonly table: number;
}

/** Title, counts, frame of the panel (3), legend, heading of the table, and keys. */
const FIXED_ROWS = 8;
const LEAST_PANEL = 4;
const MOST_PANEL = 30;
const LEAST_TABLE = 3;
const GAP = '  ';

/**
 * The lines of the screen.
 *
 * @returns as many lines as the terminal has rows, none longer than its columns
 */
export function screenLines(watched: Watched, state: WatchState, size: Size, setting: Setting): string[] {
  const { columns, rows } = size;
  if (columns < LEAST.columns || rows < LEAST.rows) return filled(tooSmall(size), '', rows);
  if (state.help)
    return filled(helpLines(setting.color), setting.color.dim('any key  back to the runs'), rows);
  if (watched.runs.length === 0)
    return filled(emptyLines(watched, columns, setting), setting.color.dim('q leave'), rows);
  return runLines(watched, state, size, setting);
}

/** The rows of the panel and of the table, for a number of runs. */
export function layoutOf(rows: number, runs: number, hasNote: boolean): Layout {
  const room = rows - FIXED_ROWS - Number(hasNote);
  const share = Math.max(LEAST_TABLE, Math.floor(room * 0.4), room - MOST_PANEL);
  const table = Math.min(runs, share);
  return { panel: Math.max(LEAST_PANEL, Math.min(MOST_PANEL, room - table)), table };
}

function runLines(watched: Watched, state: WatchState, size: Size, { title, color }: Setting): string[] {
  const { columns, rows } = size;
  const selection = selectionOf(watched, state);
  const note = damageNote(watched);
  const layout = layoutOf(rows, selection.runs.length, note !== null);
  const top = scrollLimit(state.top, selection.runs.length, layout.table);
  const table = runTable(selection.runs, marksOf(selection.lines, color), columns, color);
  const lines = [
    titleLine(title, selection, columns, color),
    fitted(headlineParts(watched), columns),
    ...(note === null ? [] : [color.yellow(cut(note, columns))]),
    ...panelLines(selection, state.column, { width: columns, height: layout.panel }, color),
    legendLine(selection.lines, columns, color),
    table.head,
    ...table.rows.slice(top, top + layout.table),
  ];
  return filled(lines, footer(state, { top, ...layout, rows: selection.runs.length }, columns, color), rows);
}

/** Lines, blank lines, and a last line. */
function filled(lines: readonly string[], last: string, rows: number): string[] {
  const blank = Array.from({ length: Math.max(0, rows - 1 - lines.length) }, () => '');
  return [...lines.slice(0, Math.max(0, rows - 1)), ...blank, last];
}

function titleLine(title: string, { arm }: Selection, columns: number, { bold }: Io['outColor']): string {
  const text = arm === null ? title : `${title}${GAP}arm ${singleLine(arm)}`;
  return bold(cut(`wnlstm watch${GAP}${text}`, columns));
}

function damageNote({ damage }: Watched): string | null {
  const [first] = damage;
  if (first === undefined) return null;
  const more = damage.length - 1;
  return singleLine(more === 0 ? first : `${first} ${plural(more, 'more problem')}: see wnlstm ls.`);
}

function footer(
  { sort, reverse }: WatchState,
  { top, table, rows }: { top: number; table: number; rows: number },
  columns: number,
  { dim }: Io['outColor'],
): string {
  const place = rows > table ? `${top + 1}–${top + table} of ${rows}` : plural(rows, 'run');
  const keys = [
    'q leave',
    '? keys',
    'c column',
    'a arm',
    `s sort: ${sort}${reverse ? ' ↓' : ''}`,
    'r reverse',
  ];
  const left = fitted(keys, columns - place.length - GAP.length);
  return dim(`${left.padEnd(columns - place.length)}${place}`);
}

function helpLines({ bold }: Io['outColor']): string[] {
  const width = Math.max(...KEYS.map(([keys]) => keys.length));
  return [
    bold('Keys of wnlstm watch'),
    '',
    ...KEYS.map(([keys, meaning]) => `${GAP}${keys.padEnd(width)}${GAP}${meaning}`),
  ];
}

function emptyLines(watched: Watched, columns: number, { title, color }: Setting): string[] {
  const note = damageNote(watched);
  return [
    color.bold(cut(`wnlstm watch${GAP}${title}`, columns)),
    '',
    ...wrapWords(noRuns(title, watched).split(' '), columns),
    ...(note === null ? [] : ['', color.yellow(cut(note, columns))]),
  ];
}

/** That there are no runs, as a sentence. */
export function noRuns(title: string, { waiting }: Watched): string {
  const planned =
    waiting === 0 ? '' : ` ${plural(waiting, 'planned run')} ${waiting === 1 ? 'waits' : 'wait'}.`;
  return `There are no runs in ${title} yet.${planned} They appear here when they start.`;
}

function tooSmall({ columns, rows }: Size): string[] {
  const text = `At least ${LEAST.columns} x ${LEAST.rows} characters are needed; this terminal has ${columns} x ${rows}.`;
  return wrapWords(text.split(' '), columns).map((line) => cut(line, columns));
}

/** The first parts that fit in a line. */
function fitted(parts: readonly string[], columns: number): string {
  return cut(wrapWords(parts, columns, GAP)[0] ?? '', columns);
}

function cut(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, columns - 1)}…`;
}
