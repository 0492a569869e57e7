/** @file The state of files that other processes write, replace and remove. */

import { type Stats, statSync } from 'node:fs';

/** A text that changes whenever a file changes; empty without the file. */
export function stateOf(path: string): string {
  const stat = statOrNull(path);
  return stat ? `${stat.ino}:${stat.size}:${stat.mtimeMs}` : '';
}

/** The status of a file; null without the file. */
export function statOrNull(path: string): Stats | null {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? null;
  } catch {
    return null; // a part of the path is not a folder, or may not be read; reading the file reports it
  }
}
