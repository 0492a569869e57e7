/** @file Laws of the runs that a command uses by default. */

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

test('without names, the runs are those of the newest sweep, or all runs if the newest run belongs to no sweep', () => {
  assert.throws(() => newestIn(scratch), { code: 'E_RUN', hint: /wnlstm train/ });
  addRun('alone', 1);
  assert.deepEqual(newestIn(scratch), { names: [scratch], description: `the only run in ${scratch}` });
  for (const [sweep, day] of [
    ['later', 5],
    ['earlier', 3],
  ] as const) {
    addRun(`${sweep}/wn-s0`, day);
    writeFileSync(join(scratch, sweep, 'plan.json'), '{}');
  }
  assert.deepEqual(newestIn(scratch), {
    names: [join(scratch, 'later')],
    description: 'the newest sweep, later',
  });
  addRun('alone-again', 6);
  assert.deepEqual(newestIn(scratch), { names: [scratch], description: `all 4 runs in ${scratch}` });
});
