/** @file Counts with their nouns. */

/** A count and its noun, such as "1 run" or "1,200 runs"; `many` is the plural where adding an s is wrong. */
export function plural(count: number, noun: string, many = `${noun}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? noun : many}`;
}
