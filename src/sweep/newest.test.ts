/** @file What is looked at where no run is named. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { newestIn } from './newest.js';

const scratch = mkdtempSync(join(tmpdir(), 'wnlstm-newest-'));
after(() => rmSync(scratch, { recursive: true }));

const addRun = (name: string, day: number): void => {
  mkdirSync(join(scratch, name), { recursive: true });
  const record = {
    format: 2,
    status: 'completed',
    started_at: `2026-01-0${day}T00:00:00.000Z`,
    data: { checksums: {} },
  };
  writeFileSync(join(scratch, name, 'run.json'), JSON.stringify(record));
  writeFileSync(join(scratch, name, 'config.json'), '{}');
};

test('without a name it is the sweep that ran last, or all runs if a run of no sweep is newer', () => {
  assert.throws(() => newestIn(scratch), { code: 'E_RUN', hint: /wnlstm train/ });
  addRun('alone', 1);
  assert.deepEqual(newestIn(scratch), { names: [scratch], words: `the one run in ${scratch}` });
  for (const [sweep, day] of [
    ['later', 5],
    ['earlier', 3],
  ] as const) {
    addRun(`${sweep}/wn-s0`, day);
    writeFileSync(join(scratch, sweep, 'plan.json'), '{}');
  }
  assert.deepEqual(newestIn(scratch), { names: [join(scratch, 'later')], words: 'the newest sweep, later' });
  addRun('alone-again', 6);
  assert.deepEqual(newestIn(scratch), { names: [scratch], words: `all 4 runs in ${scratch}` });
});
