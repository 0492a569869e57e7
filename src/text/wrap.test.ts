/** @file Wrapped text keeps every word, and no line is too long. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wrapped } from './wrap.js';

test('lines break between words, and no line is longer than the limit', () => {
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

test('a word that is too long breaks after a comma or at the end of the line, and loses no character', () => {
  assert.deepEqual(wrapped('clip=0.5,clipMode=value', 16), ['clip=0.5,', 'clipMode=value']);
  assert.deepEqual(wrapped(`a ${'x'.repeat(25)}`, 10), ['a', 'xxxxxxxxxx', 'xxxxxxxxxx', 'xxxxx']);
});
