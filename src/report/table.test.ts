/** @file Plain text tables. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alignColumns } from './table.js';

test('the first column is aligned to the left, the others to the right, two spaces apart', () => {
  assert.equal(
    alignColumns([
      ['run', 'steps', 'loss'],
      ['wn-clip0.5-s0', '1718', '0.05'],
      ['base', '859', '0.1234'],
    ]),
    [
      'run            steps    loss', //
      'wn-clip0.5-s0   1718    0.05',
      'base             859  0.1234',
    ].join('\n'),
  );
});

test('no line ends in a space, and the text does not end in a line break', () => {
  const text = alignColumns([
    ['key', 'value'],
    ['a', ''],
    ['longer', ''],
  ]);
  assert.equal(text, 'key     value\na\nlonger');
});

test('one column is its cells, one row is its cells two spaces apart', () => {
  assert.equal(alignColumns([['a'], ['bcd'], ['']]), 'a\nbcd\n');
  assert.equal(alignColumns([['a', 'bc', 'def']]), 'a  bc  def');
});
