/** @file A thread that touches a lock while its process lives, however long a training step takes. */
import { openSync, readSync, writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

/** A lock file, its content, and how often to write it. */
export interface HeartbeatData {
  readonly path: string;
  readonly text: string;
  readonly everyMs: number;
}

const { path, text, everyMs } = workerData as HeartbeatData;
// The file is kept open: once another process has replaced it, this one is written to, and nobody reads it.
const handle = openSync(path, 'r+');
const bytes = Buffer.alloc(text.length);
readSync(handle, bytes, 0, bytes.length, 0);
if (bytes.toString() === text) {
  setInterval(() => {
    try {
      writeSync(handle, text, 0); // by content, so that the time is that of the file's server
    } catch {
      // The disk is full or out of reach: the next row or checkpoint says so.
    }
  }, everyMs);
}
