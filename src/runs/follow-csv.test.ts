/** @file A CSV file is followed while another process appends to it, replaces it, damages it or removes it. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { followCsv, type Tail } from './follow-csv.js';

const scratch = mkdtempSync(join(tmpdir(), 'wnlstm-tail-'));
after(() => rmSync(scratch, { recursive: true }));
let files = 0;

function freshFile(text: string): string {
  const path = join(scratch, `${files++}.csv`);
  writeFileSync(path, text);
  return path;
}

function columnsOf({ table }: Tail): Record<string, number[]> {
  return Object.fromEntries(table.names.map((name) => [name, [...table.column(name)]]));
}

test('rows appear as they are appended, and a look without new rows changes nothing', () => {
  const path = freshFile('step,loss\n10,0.5\n');
  const tail = followCsv(path);
  assert.equal(tail.look(), true);
  assert.deepEqual(columnsOf(tail), { step: [10], loss: [0.5] });
  assert.equal(tail.look(), false);
  appendFileSync(path, '20,0.25\n30,\n');
  assert.equal(tail.look(), true);
  assert.deepEqual(columnsOf(tail), { step: [10, 20, 30], loss: [0.5, 0.25, Number.NaN] });
  assert.equal(tail.version, 0);
});

test('a torn last row is left out until it is complete', () => {
  const path = freshFile('step,loss\n10,0.5\n20,0.2');
  const tail = followCsv(path);
  tail.look();
  assert.deepEqual(columnsOf(tail).step, [10]);
  appendFileSync(path, '5\n');
  tail.look();
  assert.deepEqual(columnsOf(tail), { step: [10, 20], loss: [0.5, 0.25] });
  assert.equal(tail.unreadable, 0);
});

test('a row in the middle that is torn is left out and counted, and later rows are read', () => {
  const tail = followCsv(freshFile('step,loss\n10,0.5\n20\n30,x\n5,0.1\n40,0.25\n'));
  tail.look();
  assert.deepEqual(columnsOf(tail), { step: [10, 40], loss: [0.5, 0.25] });
  assert.equal(tail.unreadable, 3, 'too few cells, no number, and a step that decreases');
});

test('a file that is replaced is read again from the start, even if it is longer', () => {
  const path = freshFile('step,loss\n10,0.5\n20,0.4\n');
  const tail = followCsv(path);
  tail.look();
  for (const text of ['step,loss\n10,0.7\n', 'step,loss\n10,0.8\n20,0.9\n30,0.1\n40,0.1\n']) {
    const version = tail.version;
    writeFileSync(`${path}.tmp`, text);
    renameSync(`${path}.tmp`, path);
    assert.equal(tail.look(), true);
    assert.equal(tail.version, version + 1);
    assert.equal(tail.table.at('loss', 0), Number(text.split(/[,\n]/)[3]));
  }
});

test('a file that is replaced by one with the same end is read again from the start', () => {
  const end = Array.from({ length: 20 }, (_, row) => `${row + 20},0.1\n`).join('');
  const path = freshFile(`step,loss\n10,0.5\n${end}`);
  const tail = followCsv(path);
  tail.look();
  writeFileSync(`${path}.tmp`, `step,loss\n10,0.7\n${end}50,0.2\n`);
  renameSync(`${path}.tmp`, path);
  tail.look();
  assert.deepEqual([tail.table.at('loss', 0), tail.table.at('loss', -1), tail.version], [0.7, 0.2, 1]);
});

test('a file that is rewritten in place is read again from the start', () => {
  const path = freshFile('step,loss\n10,0.5\n20,0.4\n');
  const tail = followCsv(path);
  tail.look();
  writeFileSync(path, 'step,loss\n10,0.6\n20,0.7\n30,0.8\n');
  tail.look();
  assert.deepEqual(columnsOf(tail).loss, [0.6, 0.7, 0.8]);
  assert.equal(tail.version, 1);
});

test('a file that does not exist has no rows, and one that is removed has none any more', () => {
  const path = join(scratch, 'later.csv');
  const tail = followCsv(path);
  assert.equal(tail.look(), false);
  writeFileSync(path, 'step,loss\n10,0.5\n');
  assert.equal(tail.look(), true);
  rmSync(path);
  assert.equal(tail.look(), true);
  assert.deepEqual([tail.table.count, tail.version], [0, 1]);
});

test('NaN and Infinity are read, and a file that a spreadsheet saved too', () => {
  const tail = followCsv(freshFile('\uFEFFstep;loss\r\n10;0,5\r\n20;NaN\r\n30;Infinity\r\n'));
  tail.look();
  assert.deepEqual(columnsOf(tail), {
    step: [10, 20, 30],
    loss: [0.5, Number.NaN, Number.POSITIVE_INFINITY],
  });
});

test('a pipe in the place of a file does not block', { skip: process.platform === 'win32' }, () => {
  const path = join(scratch, 'pipe.csv');
  spawnSync('mkfifo', [path]);
  assert.equal(followCsv(path).look(), false);
});

test('a first line that is no header does not fill the memory', () => {
  const path = freshFile(`${','.repeat(2 ** 21)}\n1,2\n`);
  const tail = followCsv(path);
  tail.look();
  assert.deepEqual([tail.table.names, tail.table.count, tail.unreadable], [[], 0, 1]);
});
