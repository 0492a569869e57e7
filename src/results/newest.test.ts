/** @file What is looked at where no run is named. */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { add, fresh } from '../runs/run.testing.js';
import { newestIn } from './newest.js';

const scratch = fresh();

function addRun(name: string, day: number): void {
  add(scratch, name, { started_at: `2026-01-0${day}T00:00:00.000Z` });
}

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
