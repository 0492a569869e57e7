/** @file Comparing long texts in tests: what is said of a difference is one line of each, not the whole of both. */

import assert from 'node:assert/strict';

const SHOWN = 100;

/** A line from a little before the column where it differs. */
function excerpt(line: string | undefined, column: number): string {
  if (line === undefined) return 'no such line';
  const start = Math.max(0, column - 20);
  return JSON.stringify(line.slice(start, start + SHOWN));
}

/**
 * Fails if two texts differ, with the first line where they do.
 *
 * @param what the text is called in the message
 */
export function assertSameText(actual: string, expected: string, what: string): void {
  if (actual === expected) return;
  const [got, wanted] = [actual.split('\n'), expected.split('\n')];
  const line = got.findIndex((text, index) => text !== wanted[index]);
  const at = line === -1 ? got.length : line; // -1: `expected` goes on where `actual` ends
  const [one, other] = [got[at] ?? '', wanted[at] ?? ''];
  let column = 0;
  while (column < one.length && one[column] === other[column]) column++;
  assert.fail(
    [
      `${what}:${at + 1}:${column + 1} differs:`,
      `     got ${excerpt(got[at], column)}`,
      `expected ${excerpt(wanted[at], column)}`,
    ].join('\n'),
  );
}
