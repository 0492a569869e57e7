/** @file The rows of a file arrive once each, and again if the file was replaced. */

import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { followRows } from './follow-rows.js';
import { type Row, readCsv } from './metrics.js';

const scratch = mkdtempSync(join(tmpdir(), 'wnlstm-rows-'));
after(() => rmSync(scratch, { recursive: true }));
const columns = ['step', 'loss'] as const;

test('each row arrives once, and all rows arrive again if the file was replaced', () => {
  const path = join(scratch, 'steps.csv');
  const read = followRows<Row<'step' | 'loss'>>(path);
  assert.deepEqual(read(), { rows: [], restarted: false });
  writeFileSync(path, 'step,loss\n1,2.5\n2,');
  assert.deepEqual(read(), { rows: [{ step: 1, loss: 2.5 }], restarted: false });
  appendFileSync(path, '\n3,1.5\n');
  assert.deepEqual(read().rows, readCsv(path, columns).slice(1));
  writeFileSync(path, 'step,loss\n1,7\n');
  assert.deepEqual(read(), { rows: [{ step: 1, loss: 7 }], restarted: true });
  rmSync(path);
  assert.deepEqual(read(), { rows: [], restarted: true });
});
