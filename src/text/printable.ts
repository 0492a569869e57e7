/** @file Text from files and other programs, as it may be shown on a terminal. */

const ESCAPE = '\\x1b';
/** Control characters but line break and tab, and every escape sequence that is not a colour. */
const CONTROL = new RegExp(`${ESCAPE}(?!\\[[0-9;]*m)|[\\x00-\\x08\\x0b-\\x1a\\x1c-\\x1f\\x7f-\\x9f]`, 'g');

const COLOR = new RegExp(`${ESCAPE}\\[[0-9;]*m`, 'g');

/** Text in which nothing moves the cursor, changes the title, or answers as a keyboard; colours stay. */
export function printable(text: string): string {
  return text.replace(CONTROL, '\ufffd');
}

/** Columns that a line takes on a terminal: colours take none. (Importing `node:util` for this may print a warning.) */
export function visibleLength(line: string): number {
  return line.replace(COLOR, '').length;
}
