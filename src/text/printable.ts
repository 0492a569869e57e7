/** @file Makes text from files and other programs safe to print on a terminal. */

const ESCAPE = '\\x1b';
/** Control characters except line break and tab, and every escape sequence that is not a colour. */
const CONTROL = new RegExp(`${ESCAPE}(?!\\[[0-9;]*m)|[\\x00-\\x08\\x0b-\\x1a\\x1c-\\x1f\\x7f-\\x9f]`, 'g');

const COLOR = new RegExp(`${ESCAPE}\\[[0-9;]*m`, 'g');

/** Replaces control characters and escape sequences except colours, so that text cannot control the terminal. */
export function printable(text: string): string {
  return text.replace(CONTROL, '\ufffd');
}

/** The columns that a line takes on a terminal. Colour codes take none. (`node:util` is not used: its import may print a warning.) */
export function visibleLength(line: string): number {
  return line.replace(COLOR, '').length;
}

/** Text as one line that cannot steer a terminal: control and direction characters are escaped as in JSON. */
export function singleLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (control) =>
    control === '\n' ? '\\n' : `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
