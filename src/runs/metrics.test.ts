/** @file Laws of the CSV files of a run: their bytes, appending after a stop, and reading them while they grow. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { UserError } from '../errors.js';
import {
  type EpochRow,
  epochColumns,
  openCsv,
  readCsv,
  type StepRow,
  stepColumns,
  timeColumns,
} from './metrics.js';

const root = mkdtempSync(join(tmpdir(), 'wnlstm-'));
after(() => rmSync(root, { recursive: true }));

function fresh(text?: string): string {
  const path = join(mkdtempSync(join(root, 'run-')), 'steps.csv');
  if (text !== undefined) writeFileSync(path, text);
  return path;
}

function textOf(path: string): string {
  return readFileSync(path, 'utf8');
}

const pair = ['step', 'loss'] as const;

function stepRow(step: number, loss = 0.5): StepRow {
  return {
    step,
    epoch: 1,
    loss,
    accuracy: 0.25,
    lr: 0.1,
    grad_norm: 1.5,
    grad_norm_clipped: 0.5,
    clip_fraction: 1 / 3,
    elapsed_seconds: 1.25,
  };
}

function isDataError(path: string, message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof UserError, String(error));
    assert.equal(error.code, 'E_DATA');
    assert.ok(error.message.includes(path), error.message);
    assert.match(error.message, message);
    assert.doesNotMatch(error.hint ?? '', /\p{Cc}/u, 'a hint without control characters');
    return true;
  };
}

test('a file starts with the header, lines end in LF, and a row is in the file after its write resolves', async () => {
  const path = fresh();
  const log = openCsv(path, stepColumns, 0);
  const header = 'step,epoch,loss,accuracy,lr,grad_norm,grad_norm_clipped,clip_fraction,elapsed_seconds\n';
  assert.equal(textOf(path), header);
  await log.write(stepRow(10));
  assert.equal(textOf(path), `${header}10,1,0.5,0.25,0.1,1.5,0.5,0.3333333333333333,1.25\n`);
  await log.write(stepRow(20));
  log.sync();
  assert.equal(textOf(path).split('\n').length, 4);
});

test('metrics.csv has the documented columns, and the time columns are last', () => {
  const path = fresh();
  openCsv(path, epochColumns, 0);
  assert.equal(
    textOf(path),
    'epoch,step,loss,accuracy,val_loss,val_accuracy,lr,grad_norm,grad_norm_clipped,clip_fraction,' +
      'epoch_seconds,elapsed_seconds,examples_per_second\n',
  );
  for (const columns of [epochColumns, stepColumns] as readonly (readonly string[])[]) {
    const first = columns.findIndex((name) => timeColumns.includes(name));
    assert.ok(first > 0 && columns.slice(first).every((name) => timeColumns.includes(name)));
  }
});

test('cells are written in the order of the header, not of the row object', async () => {
  const path = fresh();
  await openCsv(path, pair, 0).write({ loss: 2, step: 1 });
  assert.equal(textOf(path), 'step,loss\n1,2\n');
});

test('NaN and Infinity are written as words, and a missing value as an empty cell', async () => {
  const path = fresh();
  const log = openCsv(path, pair, 0);
  for (const [step, loss] of [
    [1, Number.NaN],
    [2, Infinity],
    [3, -Infinity],
    [4, null],
  ] as const) {
    await log.write({ step, loss });
  }
  assert.equal(textOf(path), 'step,loss\n1,NaN\n2,Infinity\n3,-Infinity\n4,\n');
  assert.deepEqual(
    readCsv(path, pair).map(({ loss }) => loss),
    [Number.NaN, Infinity, -Infinity, null],
  );
});

test('every number is written with the fewest digits that read back as the same number', async () => {
  const path = fresh();
  const log = openCsv(path, pair, 0);
  const values = [0, 0.1, 0.1 + 0.2, 1 / 3, 1e-7, 5e-324, 1.7976931348623157e308, 1e21, -123456.789, 2 ** 53];
  for (const [index, loss] of values.entries()) await log.write({ step: index + 1, loss });
  assert.deepEqual(
    readCsv(path, pair).map(({ loss }) => loss),
    values,
  );
  assert.match(textOf(path), /\n2,0\.1\n3,0\.30000000000000004\n/);
});

test('opening a file at a step removes the later rows, and new rows follow the rest', async () => {
  const path = fresh('step,loss\n10,1\n20,2\n30,3\n40,4\n');
  const log = openCsv(path, pair, 20);
  assert.equal(textOf(path), 'step,loss\n10,1\n20,2\n');
  await log.write({ step: 30, loss: 3.5 });
  assert.equal(textOf(path), 'step,loss\n10,1\n20,2\n30,3.5\n');
});

test('the state of a file has the size and hash of all bytes, existing and appended', async () => {
  const path = fresh('step,loss\n10,1\n20,2\n30,3\n');
  const log = openCsv(path, pair, 20);
  for (const step of [30, 40]) {
    await log.write({ step, loss: 1 / step });
    const sha256 = createHash('sha256').update(textOf(path)).digest('hex');
    assert.deepEqual(log.sync(), { bytes: textOf(path).length, sha256 });
  }
});

test('sync fails if another program has removed, emptied or extended the file', async () => {
  for (const change of [
    rmSync,
    (path: string) => truncateSync(path),
    (path: string) => appendFileSync(path, '9,9\n'),
  ]) {
    const path = fresh();
    const log = openCsv(path, pair, 0);
    await log.write({ step: 10, loss: 1 });
    change(path);
    await log.write({ step: 20, loss: 2 });
    assert.throws(() => log.sync(), { code: 'E_IO', message: /another program changed it/ });
  }
});

test('a step, epoch or time that cannot be is refused', () => {
  const columns = ['step', 'epoch', 'elapsed_seconds'] as const;
  for (const row of ['-1,1,1', '1.5,1,1', '1,NaN,1', '1,1,-1e308', '1,1,Infinity'])
    assert.throws(() => readCsv(fresh(`${columns.join(',')}\n${row}\n`), columns), {
      message: /expected a possible value of/,
    });
});

test('opening a file removes an incomplete last line, whatever its length', () => {
  const full = 'step,loss\n10,1\n20,0.2\n30,0.375\n';
  const complete = 'step,loss\n10,1\n20,0.2\n';
  for (let length = complete.length; length < full.length; length++) {
    const path = fresh(full.slice(0, length));
    openCsv(path, pair, 30);
    assert.equal(textOf(path), complete, JSON.stringify(full.slice(0, length)));
  }
});

test('an incomplete last line is never read as a row with a smaller step', () => {
  const path = fresh('step,loss\n10,1\n1'); // the start of "120,0.5"
  openCsv(path, pair, 100);
  assert.equal(textOf(path), 'step,loss\n10,1\n');
});

test('metrics.csv is shortened by its step column, not by its first column', async () => {
  const path = fresh();
  const log = openCsv(path, epochColumns, 0);
  const row = Object.fromEntries(epochColumns.map((name) => [name, null])) as EpochRow;
  for (const epoch of [1, 2, 3]) await log.write({ ...row, epoch, step: 859 * epoch });
  openCsv(path, epochColumns, 1718);
  assert.deepEqual(
    readCsv(path, epochColumns).map(({ epoch, step }) => [epoch, step]),
    [
      [1, 859],
      [2, 1718],
    ],
  );
});

test('opening a file at step 0 discards its contents', () => {
  const path = fresh('something,else\n0,1\n');
  openCsv(path, pair, 0);
  assert.equal(textOf(path), 'step,loss\n');
});

test('a file that is missing, empty or without a complete header is created at any step', () => {
  for (const path of [fresh(), fresh(''), fresh('step,lo')]) {
    openCsv(path, pair, 100);
    assert.equal(textOf(path), 'step,loss\n');
  }
});

test('reading ignores an incomplete last line, whatever its length', () => {
  const full = 'step,loss\n10,1\n20,0.25\n';
  const complete = 'step,loss\n10,1\n'.length;
  for (let length = complete; length < full.length; length++) {
    const path = fresh(full.slice(0, length));
    assert.deepEqual(readCsv(path, pair), [{ step: 10, loss: 1 }], `${length} bytes`);
  }
  assert.equal(readCsv(fresh(full), pair).length, 2);
  assert.deepEqual(readCsv(fresh('step,lo'), pair), []);
  assert.deepEqual(readCsv(fresh(''), pair), []);
});

test('reading returns the requested columns, in any order, without the others', () => {
  const path = fresh('loss,note,step\n0.5,9,1\n');
  assert.deepEqual(readCsv(path, pair), [{ step: 1, loss: 0.5 }]);
});

test('a missing column is an error that names it and the existing columns', () => {
  const path = fresh('step,loos\n1,2\n');
  assert.throws(() => readCsv(path, pair), isDataError(path, /expected a column loss, got step,loos/));
});

test('a missing column is an error even in a file without rows', () => {
  const path = fresh('step,loos\n');
  assert.throws(() => readCsv(path, pair), isDataError(path, /expected a column loss/));
});

test('a cell that is not a number is an error that names its column, its row and its text', () => {
  for (const cell of ['abc', '1.5x', 'nan', '-', 'undefined', '0,5'.replace(',', ';')]) {
    const path = fresh(`step,loss\n1,0.5\n2,${cell}\n`);
    assert.throws(
      () => readCsv(path, pair),
      isDataError(path, new RegExp(`expected a number for loss in row 2, got "${cell}"`)),
      cell,
    );
  }
});

test('a cell of blanks is an error, neither zero nor a missing value', () => {
  const path = fresh('step,loss\n1, \n');
  assert.throws(() => readCsv(path, pair), isDataError(path, /expected a number for loss in row 1/));
});

test('rows of unequal length are an error that names the file', () => {
  const path = fresh('step,loss\n1,2\n3\n');
  assert.throws(() => readCsv(path, pair), isDataError(path, /it is not CSV \(/));
});

test('reading a file that does not exist is an error that names it', () => {
  const path = fresh();
  assert.throws(() => readCsv(path, pair), isDataError(path, /no such file/));
});

test('an error for a full disk says that the disk is full', {
  skip: existsSync('/dev/full') ? false : 'no /dev/full',
}, async () => {
  const path = fresh();
  const log = openCsv(path, pair, 0);
  rmSync(path);
  symlinkSync('/dev/full', path);
  await assert.rejects(log.write({ step: 1, loss: 2 }), (error) => {
    assert.ok(error instanceof UserError, String(error));
    assert.equal(error.code, 'E_IO');
    assert.ok(error.message.includes(path), error.message);
    assert.match(error.message, /the disk is full/);
    assert.match(error.hint ?? '', /Free some space/);
    return true;
  });
});

test('opening a file in a folder that does not exist is an E_IO error', () => {
  assert.throws(() => openCsv(join(root, 'absent/steps.csv'), pair, 0), {
    name: 'UserError',
    code: 'E_IO',
    message: /absent/,
  });
});
