/** @file Reads of files that other processes write, replace and remove. */

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
