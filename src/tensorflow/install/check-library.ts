/** @file Checks that the libraries of an installation load, in a child process. */

import { askChild, FETCH_AGAIN } from './child.js';
import type { LibraryReport, LibraryRequest } from './library-process.js';

/**
 * Loads the libraries of a folder and asks them for their version and devices.
 *
 * @param limitMs how long that may take; a first CUDA start takes seconds
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
