/** @file A difference between long texts is reported in one line. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertSameText } from './same-text.testing.js';

function messageOf(actual: string, expected: string): string {
  try {
    assertSameText(actual, expected, 'a.csv');
    return '';
  } catch (error) {
    return (error as Error).message.replace(/\n +/, ' ').replace('\n', ', ');
  }
}

test('the first different line is reported, from the first different column', () => {
  assert.equal(messageOf('a\nb\n', 'a\nb\n'), '');
  assert.equal(messageOf('a\nbcd\nx', 'a\nbed\ny'), 'a.csv:2:2 differs: got "bcd", expected "bed"');
  const long = 'x'.repeat(5000);
  assert.equal(
    messageOf(`${long}1`, `${long}2`),
    `a.csv:1:5001 differs: got "${'x'.repeat(20)}1", expected "${'x'.repeat(20)}2"`,
  );
});

test('a text that is a prefix of the other differs at its end', () => {
  assert.equal(messageOf('a', 'a\nb'), 'a.csv:2:1 differs: got no such line, expected "b"');
  assert.equal(messageOf('a\nb', 'a'), 'a.csv:2:1 differs: got "b", expected no such line');
});
