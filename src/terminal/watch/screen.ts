/** @file The screen of a terminal: entered, redrawn line by line, and left as it was before. */

import { emitKeypressEvents } from 'node:readline';
import { printable, visibleLength } from '../../text/printable.js';
import type { Terminal } from '../io.js';
import type { Size } from './view.js';

const ESCAPE = '\x1b[';
/** The alternate screen, without cursor, and without breaking lines that are too long. */
const ENTER = `${ESCAPE}?1049h${ESCAPE}?25l${ESCAPE}?7l`;
const LEAVE = `${ESCAPE}?7h${ESCAPE}?25h${ESCAPE}?1049l`;
const CLEAR = `${ESCAPE}2J`;
/** Whether a shell can suspend processes. */
const hasJobs = process.platform !== 'win32';

/** A terminal that this process draws on. */
export interface Screen {
  readonly size: () => Size;
  /** Draws lines from the top; only lines that have changed are written. */
  readonly draw: (lines: readonly string[]) => void;
  /** Restores the terminal. A second call does nothing. */
  readonly leave: () => void;
}

/** What happens on a terminal. */
export interface Listeners {
  /** @param key its name, such as `a`, `A`, `right` or `ctrl-c` */
  readonly onKey: (key: string) => void;
  readonly onResize: () => void;
  /** The terminal was closed. */
  readonly onClose: () => void;
}

/**
 * Enters the alternate screen and reads keys. Call `leave` also after an error; it is called when the process exits. While the
 * process is suspended, the terminal is as it was before.
 */
export function openScreen({ input, output }: Terminal, { onKey, onResize, onClose }: Listeners): Screen {
  let drawn: readonly string[] = [];
  let isOpen = true;
  const size = (): Size => ({ columns: output.columns || 80, rows: output.rows || 24 });
  const onKeypress = (
    text: string | undefined,
    key: { name?: string; ctrl?: boolean; shift?: boolean },
  ): void => {
    const name = nameOfKey(text, key);
    if (name === 'ctrl-z' && hasJobs)
      process.kill(0, 'SIGTSTP'); // as the terminal does: also npx, which started this process
    else onKey(name);
  };
  const resized = (): void => {
    drawn = [];
    onResize();
  };
  const restore = (): void => {
    try {
      input?.setRawMode(false);
    } catch {
      // The terminal is gone.
    }
    output.write(LEAVE);
  };
  /** Draws again after the shell has used the terminal. */
  const resume = (): void => {
    try {
      input?.setRawMode(false); // Node believes that it still is in raw mode
      input?.setRawMode(true);
    } catch {
      return; // The terminal is gone.
    }
    output.write(ENTER);
    resized();
  };
  const suspend = (): void => {
    restore();
    process.removeListener('SIGTSTP', suspend);
    process.kill(process.pid, 'SIGTSTP'); // stops here, unless no shell could continue it
    process.on('SIGTSTP', suspend);
    resume();
  };
  const leave = (): void => {
    if (!isOpen) return;
    isOpen = false;
    process.removeListener('exit', leave);
    process.removeListener('SIGTSTP', suspend);
    process.removeListener('SIGCONT', resume);
    output.removeListener('resize', resized);
    input?.removeListener('keypress', onKeypress);
    for (const event of ['end', 'error', 'close']) input?.removeListener(event, onClose);
    restore();
    input?.pause();
  };
  process.on('exit', leave);
  if (hasJobs) {
    process.on('SIGTSTP', suspend);
    process.on('SIGCONT', resume);
  }
  output.write(ENTER);
  output.on('resize', resized);
  if (input) {
    for (const event of ['end', 'error', 'close']) input.on(event, onClose);
    input.setRawMode(true);
    emitKeypressEvents(input);
    input.on('keypress', onKeypress);
    input.resume();
  }
  // After a character in the last column, the cursor is still on it, and this would erase it.
  const endOf = (line: string): string => (visibleLength(line) < size().columns ? `${ESCAPE}K` : '');
  const draw = (lines: readonly string[]): void => {
    const changed = lines.flatMap((line, row) =>
      line === drawn[row] ? [] : [`${ESCAPE}${row + 1};1H${printable(line)}${endOf(line)}`],
    );
    if (changed.length > 0) output.write((drawn.length === 0 ? CLEAR : '') + changed.join(''));
    drawn = lines;
  };
  return { size, draw, leave };
}

function nameOfKey(text: string | undefined, key: { name?: string; ctrl?: boolean }): string {
  const { name, ctrl } = key;
  if (ctrl && name !== undefined) return `ctrl-${name}`;
  return text !== undefined && /^[!-~]$/.test(text) ? text : (name ?? '');
}
