/** @file Writes to a lock file at regular intervals while its owner is alive. */

import { openSync, readSync, writeSync } from 'node:fs';

/** A lock file, its content, and the interval between writes. */
export interface Heartbeat {
  readonly path: string;
  readonly text: string;
  readonly everyMs: number;
}

/**
 * Starts the heartbeat of a lock.
 *
 * The file stays open. If another process replaces the lock, the writes go to the old file, which no process reads.
 */
export function beat({ path, text, everyMs }: Heartbeat): NodeJS.Timeout | undefined {
  const handle = openSync(path, 'r+');
  const bytes = Buffer.alloc(text.length);
  readSync(handle, bytes, 0, bytes.length, 0);
  if (bytes.toString() !== text) return undefined;
  return setInterval(() => {
    try {
      writeSync(handle, text, 0); // a write, so that a file server sets the modification time by its own clock
    } catch {
      // The disk is full or unreachable; the next row or checkpoint reports it.
    }
  }, everyMs);
}
