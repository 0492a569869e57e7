/** @file Wrapped text: every word is there, whole where it can be, and no line is too long. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wrapped } from './wrap.js';

test('lines end between words, and none is longer than it may be', () => {
  assert.deepEqual(wrapped('one two three', 7), ['one two', 'three']);
  assert.deepEqual(wrapped('short', 60), ['short']);
  const text = 'wn units=32 lr=0.02 clip=0.5 clipMode=value optimizer=adam (3 seeds)';
  for (const [longest, indent] of [
    [24, 0],
    [30, 2],
    [60, 2],
  ]) {
    const lines = wrapped(text, longest!, indent);
    assert.equal(lines.join(' '), text);
    for (const [index, line] of lines.entries())
      assert.ok(line.length <= longest! - (index > 0 ? indent : 0)!);
  }
});

test('a word that is too long is parted behind a comma, or where the line ends, and loses nothing', () => {
  assert.deepEqual(wrapped('clip=0.5,clipMode=value', 16), ['clip=0.5,', 'clipMode=value']);
  assert.deepEqual(wrapped(`a ${'x'.repeat(25)}`, 10), ['a', 'xxxxxxxxxx', 'xxxxxxxxxx', 'xxxxx']);
});
