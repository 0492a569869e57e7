/** @file A progress bar for counted work, on a terminal only. */

import { createBars } from './bars.js';
import type { Io } from './io.js';

/** Shows how much is done. Close it also after an error. */
export interface CountDisplay {
  readonly update: (done: number) => void;
  readonly close: () => void;
}

const BAR = 24;

/**
 * Creates a bar on standard error; where that is not a terminal, the display shows nothing.
 *
 * @param noun what is counted, in the plural
 */
export function createCountDisplay({ terminal, errColor }: Io, total: number, noun: string): CountDisplay {
  if (!terminal) return { update: () => {}, close: () => {} };
  let done = 0;
  const line = (): string => {
    const filled = Math.round((BAR * done) / total);
    const bar = errColor.cyan('━'.repeat(filled)) + errColor.dim('─'.repeat(BAR - filled));
    return `${bar}  ${done.toLocaleString('en')}/${total.toLocaleString('en')} ${noun}`;
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
