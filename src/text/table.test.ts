/** @file Plain text tables. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alignColumns, type TableRow, table } from './table.js';
import { wrap, wrapWords } from './wrap.js';

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

test('a single column has one cell per line, a single row has its cells two spaces apart', () => {
  assert.equal(alignColumns([['a'], ['bcd'], ['']]), 'a\nbcd\n');
  assert.equal(alignColumns([['a', 'bc', 'def']]), 'a  bc  def');
});

test('lines break between words, and a word that is too long has its own line', () => {
  assert.deepEqual(wrap('one two three', 8), ['one two', 'three']);
  assert.deepEqual(wrap('one extraordinarily two', 8, '  '), ['one', '  extraordinarily', '  two']);
  assert.deepEqual(wrapWords(['acc 97.31 %', 'loss 0.1'], 12, '  '), ['acc 97.31 %', 'loss 0.1']);
  assert.deepEqual(wrapWords(['\x1b[1mab\x1b[22m', 'cd'], 5), ['\x1b[1mab\x1b[22m cd']);
});

const heads: TableRow[] = [{ name: 'run', cells: ['step', 'val %'], last: 'settings' }];
const rows: TableRow[] = [
  { name: 'wn-s0', cells: ['859/859', '96.60'] },
  { name: 'article/wn-clip0.5-s0', cells: ['4/859', '-'], last: 'units=32 lr=0.02 model=wn clip=0.5' },
];

test('a table that fits has one line per row', () => {
  assert.deepEqual(table(heads, rows).split('\n'), [
    'run                       step  val %  settings',
    'wn-s0                  859/859  96.60',
    'article/wn-clip0.5-s0    4/859      -  units=32 lr=0.02 model=wn clip=0.5',
  ]);
});

test('words at the end wrap in their column or, if it is too narrow, below the row', () => {
  assert.deepEqual(table(heads, rows, 64).split('\n').slice(2), [
    'article/wn-clip0.5-s0    4/859      -  units=32 lr=0.02 model=wn',
    '                                       clip=0.5',
  ]);
  assert.deepEqual(table(heads, rows, 44).split('\n').slice(3), [
    'article/wn-clip0.5-s0    4/859      -',
    '  units=32 lr=0.02 model=wn clip=0.5',
  ]);
});

test('a narrower table first narrows its gaps, then puts long names on their own lines, then becomes paragraphs', () => {
  const short = rows.map(({ name, cells }) => ({ name, cells }));
  const shortHeads = heads.map(({ name, cells }) => ({ name, cells }));
  assert.deepEqual(table(shortHeads, short, 35).split('\n')[2], 'article/wn-clip0.5-s0   4/859     -');
  assert.deepEqual(table(shortHeads, short, 30).split('\n').slice(2), [
    'article/wn-clip0.5-s0',
    '         4/859      -',
  ]);
  assert.deepEqual(table(shortHeads, short, 12).split('\n'), [
    'wn-s0',
    '  step 859/859',
    '  val % 96.60',
    'article/wn-clip0.5-s0',
    '  step 4/859',
    '  val % -',
  ]);
});
