/** @file A progress bar for counted work, on a terminal only. */

import { createBars } from './bars.js';
import type { Io } from './io.js';

/** Shows how much is done. Close it also after an error. */
export interface CountDisplay {
  readonly update: (done: number) => void;
  readonly close: () => void;
}

/** The longest and the shortest bar; on a narrower terminal there are only the numbers. */
const LONGEST = 24;
const SHORTEST = 6;

/**
 * Creates a bar on standard error; where that is not a terminal, the display shows nothing.
 *
 * @param noun what is counted, in the plural
 */
export function createCountDisplay({ terminal, errColor }: Io, total: number, noun: string): CountDisplay {
  if (!terminal) return { update: () => {}, close: () => {} };
  let done = 0;
  const line = (): string => {
    const text = `${done.toLocaleString('en')}/${total.toLocaleString('en')} ${noun}`;
    const length = Math.min(LONGEST, (terminal.columns || 80) - text.length - 3);
    if (length < SHORTEST) return text;
    const filled = Math.round((length * done) / total);
    return `${errColor.cyan('━'.repeat(filled)) + errColor.dim('─'.repeat(length - filled))}  ${text}`;
  };
  const bars = createBars(terminal, line, 12);
  bars.create(total, 0, {});
  return {
    update: (count) => {
      done = count;
    },
    close: () => bars.stop(),
  };
}
