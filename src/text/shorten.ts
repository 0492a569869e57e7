/** @file Shortens names that do not fit. */

/** Shortens a name to `width` characters in its middle, because the names of arms often differ at their ends. */
export function shorten(text: string, width: number): string {
  const tail = Math.floor((width - 1) / 2);
  return text.length <= width ? text : `${text.slice(0, width - 1 - tail)}…${text.slice(-tail)}`;
}
