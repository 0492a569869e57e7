/** @file Lines at the bottom of a terminal that are drawn again and again, with others above them that stay. */

import { Writable } from 'node:stream';
import { MultiBar, type Options } from 'cli-progress';
import { printable } from '../text/printable.js';

/**
 * Bars that change no setting of the terminal, so that a process that is killed leaves it as it was: the cursor stays
 * visible, and lines wrap. Whoever formats a bar keeps it shorter than a line.
 */
export function createBars(terminal: NodeJS.WriteStream, format: Options['format'], fps: number): MultiBar {
  // cli-progress cuts lines by their length with all colour codes, so it is told of a terminal without end.
  const endless = new Writable({
    write: (chunk, _encoding, done) => {
      terminal.write(chunk);
      done();
    },
  });
  return new MultiBar({
    format,
    stream: Object.assign(endless, { isTTY: true, columns: Number.MAX_SAFE_INTEGER }),
    hideCursor: false,
    linewrap: true,
    clearOnComplete: true,
    gracefulExit: false,
    emptyOnZero: true,
    forceRedraw: true, // else a bar that has not changed is missing below a new line
    fps,
  });
}

/** Puts lines above the bars, and clears what was drawn where they stand. */
export function logAbove(bars: MultiBar, lines: readonly string[]): void {
  for (const line of lines) bars.log(`${printable(line)}\x1b[J\n`);
}
