/** @file The heartbeat of a lock: a counter in the lock file, which its owner increases at regular intervals. */

import { openSync, readSync, writeSync } from 'node:fs';

/** A lock file, its first content, and the interval between beats. */
export interface Heartbeat {
  readonly path: string;
  readonly text: string;
  readonly everyMs: number;
}

const COUNTER = /"beat":"(\d+)"/;
/** The digits of the counter. Its width is fixed, so that a beat overwrites the file in place. */
const DIGITS = 12;

/** The text of a lock: its owner and a counter at 0. */
export function lockText(owner: object): string {
  return `${JSON.stringify({ ...owner, beat: '0'.padStart(DIGITS, '0') })}\n`;
}

/** The text of a lock without its counter, which stays the same while its owner holds it. */
export function withoutBeat(text: string): string {
  return text.replace(COUNTER, '"beat":""');
}

/**
 * Starts the heartbeat of a lock.
 *
 * The file stays open. If another process replaces the lock, the writes go to the old file, which nobody reads.
 *
 * @returns the timer; undefined if the lock is not that of this process any more
 */
export function beat({ path, text, everyMs }: Heartbeat): NodeJS.Timeout | undefined {
  const handle = openSync(path, 'r+');
  const bytes = Buffer.alloc(text.length);
  readSync(handle, bytes, 0, bytes.length, 0);
  if (withoutBeat(bytes.toString()) !== withoutBeat(text)) return undefined;
  let count = 0;
  return setInterval(() => {
    try {
      count++;
      writeSync(handle, text.replace(COUNTER, `"beat":"${String(count).padStart(DIGITS, '0')}"`), 0);
    } catch {
      // The disk is full or unreachable; the next row or checkpoint reports it.
    }
  }, everyMs);
}
