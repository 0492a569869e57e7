/** @file Text from files and other programs, as it may be shown on a terminal. */

const ESCAPE = '\\x1b';
/** Control characters but line break and tab, and every escape sequence that is not a colour. */
const CONTROL = new RegExp(`${ESCAPE}(?!\\[[0-9;]*m)|[\\x00-\\x08\\x0b-\\x1a\\x1c-\\x1f\\x7f-\\x9f]`, 'g');

/** Text in which nothing moves the cursor, changes the title, or answers as a keyboard; colours stay. */
export const printable = (text: string): string => text.replace(CONTROL, '\ufffd');

const COLOR = new RegExp(`${ESCAPE}\\[[0-9;]*m`, 'g');

/** Columns that a line takes on a terminal: colours take none. (Importing `node:util` for this may print a warning.) */
export const visibleLength = (line: string): number => line.replace(COLOR, '').length;
