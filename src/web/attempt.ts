/** @file Reads of files that other processes write, replace and remove. */

import { type Stats, statSync } from 'node:fs';
import { asUserError } from '../errors.js';

/** The result of reading, or the problem as text if it is one that users can solve. */
export function attempt<Value>(read: () => Value): { readonly value: Value } | { readonly problem: string } {
  try {
    return { value: read() };
  } catch (error) {
    const known = asUserError(error);
    if (!known) throw error;
    return { problem: [known.message, known.hint].filter(Boolean).join(' ') };
  }
}

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
