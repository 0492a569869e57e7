/** @file Threads of JavaScript, started where the system lets this process. */

import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { UserError } from './errors.js';

/** V8 reserves up to 0.85 GB of address space for a thread, and ends the process where that is refused. */
const RESERVED_BYTES = 2 ** 30;

/**
 * Starts threads that run a file, each with its own data. The data are copied, but for shared memory.
 *
 * @throws {UserError} E_IO if the system does not let this process start so many
 */
export function startThreads(file: URL, data: readonly object[]): Worker[] {
  if (addressSpaceLeft() < data.length * RESERVED_BYTES) throw refused('too little address space is left');
  try {
    return data.map((workerData) => new Worker(file, { workerData }));
  } catch (error) {
    throw refused((error as Error).message, error);
  }
}

/** Bytes of address space that `ulimit -v` leaves; Infinity without a limit, or where it cannot be known. */
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
    return null; // no /proc
  }
}

function refused(reason: string, cause?: unknown): UserError {
  return new UserError('E_IO', `Could not start a thread: ${reason}.`, {
    hint: 'Use one thread (`--threads 1`), or raise the limits with `ulimit -v` and `ulimit -u`.',
    cause,
  });
}
