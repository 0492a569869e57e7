/** @file Starts worker threads. */

import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { UserError } from './errors.js';

/** V8 reserves up to 0.85 GB of address space per thread, and aborts the process if the system refuses. */
const RESERVED_BYTES = 2 ** 30;

/**
 * Starts threads that run a file, each with its own data. The data is copied, except for shared memory.
 *
 * @throws {UserError} E_IO if the system refuses to start that many threads
 */
export function startThreads(file: URL, data: readonly object[]): Worker[] {
  if (addressSpaceLeft() < data.length * RESERVED_BYTES) throw refused('not enough address space');
  try {
    return data.map((workerData) => new Worker(file, { workerData }));
  } catch (error) {
    throw refused((error as Error).message, error);
  }
}

/** The bytes of address space that `ulimit -v` leaves; Infinity if there is no limit, or no /proc. */
function addressSpaceLeft(): number {
  const limit = numberIn('/proc/self/limits', /^Max address space +(\d+) /m);
  const usedKilobytes = numberIn('/proc/self/status', /^VmSize:\s+(\d+) kB/m);
  return limit === null || usedKilobytes === null ? Number.POSITIVE_INFINITY : limit - usedKilobytes * 1024;
}

function numberIn(path: string, pattern: RegExp): number | null {
  try {
    const found = pattern.exec(readFileSync(path, 'utf8'))?.[1];
    return found === undefined ? null : Number(found);
  } catch {
    return null; // there is no /proc
  }
}

function refused(reason: string, cause?: unknown): UserError {
  return new UserError('E_IO', `Could not start a thread: ${reason}.`, {
    hint: 'Use one thread (`--threads 1`), or raise the limits with `ulimit -v` and `ulimit -u`.',
    cause,
  });
}
