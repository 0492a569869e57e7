/** @file Following a CSV file gives the same rows as reading it, however it was written. */

import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createCsvTail } from './csv-tail.js';
import { type Row, readCsv } from './metrics.js';

const scratch = mkdtempSync(join(tmpdir(), 'wnlstm-tail-'));
after(() => rmSync(scratch, { recursive: true }));
const columns = ['step', 'loss', 'elapsed_seconds'] as const;
type Column = (typeof columns)[number];
const HEADER = 'step,loss,elapsed_seconds\n';
let files = 0;

/** A file, and the rows that a reader has collected from it. */
function follow(text: string | null) {
  const path = join(scratch, `${++files}.csv`);
  if (text !== null) writeFileSync(path, text);
  const read = createCsvTail(path, columns);
  let rows: Row<Column>[] = [];
  const look = (): number[] => {
    const appended = read();
    rows = [...(appended.restarted ? [] : rows), ...appended.rows];
    return rows.map(({ step }) => step ?? Number.NaN);
  };
  return { path, read, look, rows: () => rows };
}

test('each call returns the rows that were appended since the last one', () => {
  const { path, read } = follow(`${HEADER}1,2.5,0.1\n`);
  assert.deepEqual(read().rows, [{ step: 1, loss: 2.5, elapsed_seconds: 0.1 }]);
  appendFileSync(path, '2,NaN,0.2\n3,,0.3\n');
  assert.deepEqual(read().rows, [
    { step: 2, loss: Number.NaN, elapsed_seconds: 0.2 },
    { step: 3, loss: null, elapsed_seconds: 0.3 },
  ]);
  assert.deepEqual(read(), { rows: [], restarted: false });
});

test('whatever the parts in which a file is written, the rows are those of the complete file', () => {
  const text = `${HEADER}10,2.25,0.5\n20,Infinity,1\n30,0.1,1.5\n`;
  const { path, look, rows } = follow(null);
  assert.deepEqual(look(), []);
  for (const letter of text) {
    appendFileSync(path, letter);
    look();
  }
  assert.deepEqual(rows(), readCsv(path, columns));
});

test('an incomplete last line is read when it is complete', () => {
  const { path, look } = follow(`${HEADER}1,2,0.1\n2,1.`);
  assert.deepEqual(look(), [1]);
  appendFileSync(path, '5,0.2');
  assert.deepEqual(look(), [1]);
  appendFileSync(path, '\n');
  assert.deepEqual(look(), [1, 2]);
});

test('a torn row ends the rows, also if complete rows follow', () => {
  for (const torn of [
    '2,1.5',
    '2,1.53,1.2,0.3',
    '2,x,0.2',
    '2, ,0.2',
    '-2,1,0.2',
    '0,1,0.2',
    '2.5,1,0.2',
    '',
  ]) {
    const { path, look } = follow(`${HEADER}1,2,0.1\n${torn}\n3,1,0.3\n`);
    assert.deepEqual(look(), [1], torn);
    appendFileSync(path, '4,1,0.4\n');
    assert.deepEqual(look(), [1], torn);
  }
});

test('a file that was replaced or cut is read from its start', () => {
  const rows = '1,2,0.1\n2,1,0.2\n3,1,0.3\n';
  for (const [text, steps] of [
    [`${HEADER}1,2,0.1\n`, [1]],
    [`${HEADER}1,2,0.1\n2,1,0.2\n4,1,0.3\n`, [1, 2, 4]],
    [`${HEADER}1,2,0.1\n2,1,0.2\n5,1,0.35\n6,1,0.4\n`, [1, 2, 5, 6]],
    [HEADER, []],
    ['', []],
  ] as const) {
    const { path, look } = follow(`${HEADER}${rows}`);
    assert.deepEqual(look(), [1, 2, 3]);
    writeFileSync(`${path}.tmp`, text);
    utimesSync(`${path}.tmp`, 1, 1);
    renameSync(`${path}.tmp`, path);
    assert.deepEqual(look(), steps, JSON.stringify(text));
  }
});

test('a file that was removed has no rows, and a new one is read', () => {
  const { path, look } = follow(`${HEADER}1,2,0.1\n`);
  assert.deepEqual(look(), [1]);
  rmSync(path);
  assert.deepEqual(look(), []);
  writeFileSync(path, `${HEADER}7,2,0.1\n`);
  assert.deepEqual(look(), [7]);
});

test('a file that a spreadsheet has saved is read as a whole; another file has no rows', () => {
  const { path, look, rows } = follow('\uFEFFstep;loss;elapsed_seconds\r\n1;2,5;0,1\r\n');
  assert.deepEqual(look(), [1]);
  assert.equal(rows()[0]?.loss, 2.5);
  appendFileSync(path, '2;1,5;0,2\r\n');
  assert.deepEqual(look(), [1, 2]);
  assert.deepEqual(follow('other,columns\n1,2\n').look(), []);
  assert.deepEqual(follow('\0\0\n\n').look(), []);
});

test('files longer than one read are read completely', () => {
  const lines = Array.from({ length: 30_000 }, (_, row) => `${row + 1},${1 / (row + 1)},${row / 7}\n`);
  const { look, path, rows } = follow(HEADER + lines.join(''));
  look();
  assert.deepEqual(rows(), readCsv(path, columns));
});

test('zeros after the rows, which a power cut can leave, are not searched for a line to their end', () => {
  const { path, look } = follow(`${HEADER}1,2,0.1\n`);
  truncateSync(path, 2 ** 28);
  const before = performance.now();
  assert.deepEqual(look(), [1]);
  assert.ok(performance.now() - before < 5000, 'it took long');
});
