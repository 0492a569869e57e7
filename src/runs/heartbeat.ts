/** @file Touches a lock while its owner lives. */

import { openSync, readSync, writeSync } from 'node:fs';

/** A lock file, its content, and how often to write it. */
export interface Heartbeat {
  readonly path: string;
  readonly text: string;
  readonly everyMs: number;
}

/**
 * Begins to touch a lock.
 *
 * The file is kept open: once another process has replaced it, this one is written to, and nobody reads it.
 */
export function beat({ path, text, everyMs }: Heartbeat): NodeJS.Timeout | undefined {
  const handle = openSync(path, 'r+');
  const bytes = Buffer.alloc(text.length);
  readSync(handle, bytes, 0, bytes.length, 0);
  if (bytes.toString() !== text) return undefined;
  return setInterval(() => {
    try {
      writeSync(handle, text, 0); // by content, so that the time is that of the file's server
    } catch {
      // The disk is full or out of reach: the next row or checkpoint says so.
    }
  }, everyMs);
}
