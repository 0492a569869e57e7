/** @file Progress bars at the bottom of a terminal, and permanent lines above them. */

import { Writable } from 'node:stream';
import { MultiBar, type Options } from 'cli-progress';
import { printable } from '../text/printable.js';

/**
 * Creates progress bars. They change no setting of the terminal (the cursor stays visible, and lines wrap), so that a
 * killed process leaves the terminal as it was.
 *
 * @param format formats a bar as a line that is shorter than the terminal is wide
 */
export function createBars(terminal: NodeJS.WriteStream, format: Options['format'], fps: number): MultiBar {
  // cli-progress counts colour codes when it cuts lines; on a terminal of unlimited width it cuts none.
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
    forceRedraw: true, // otherwise an unchanged bar is missing below a new line
    fps,
  });
}

/** Prints permanent lines above the bars. */
export function logAbove(bars: MultiBar, lines: readonly string[]): void {
  for (const line of lines) bars.log(`${printable(line)}\x1b[J\n`);
}
