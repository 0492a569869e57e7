/** @file Checks in a child process that the libraries of an installation load. */

import { askChild, FETCH_AGAIN } from './ask-child.js';
import type { LibraryReport, LibraryRequest } from './library-process.js';

/**
 * Loads the libraries in a folder, and reads their version and devices.
 *
 * @param limitMs time limit; the first start of CUDA takes seconds
 * @throws {UserError} E_BACKEND if they do not load
 */
export function checkLibrary(
  request: LibraryRequest,
  signal?: AbortSignal,
  limitMs = 180_000,
): Promise<LibraryReport> {
  return askChild(request, {
    script: new URL('./library-process.js', import.meta.url),
    failure: `TensorFlow in ${request.directory} does not load`,
    hint: FETCH_AGAIN,
    signal,
    limitMs,
  });
}
