/** @file Compares long texts in tests. The message of a failure has one line of each text. */

import assert from 'node:assert/strict';

const SHOWN = 100;

/** A line from shortly before its first different column. */
function excerpt(line: string | undefined, column: number): string {
  if (line === undefined) return 'no such line';
  const start = Math.max(0, column - 20);
  return JSON.stringify(line.slice(start, start + SHOWN));
}

/**
 * Fails if two texts differ, and shows the first different line.
 *
 * @param what the name of the text in the message
 */
export function assertSameText(actual: string, expected: string, what: string): void {
  if (actual === expected) return;
  const [got, wanted] = [actual.split('\n'), expected.split('\n')];
  const line = got.findIndex((text, index) => text !== wanted[index]);
  const at = line === -1 ? got.length : line; // -1: `actual` is a prefix of `expected`
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
