/** @file `wnlstm diff` on damaged files. */

import assert from 'node:assert/strict';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { wnlstm } from '../end-to-end/cli.testing.js';
import { add, fresh } from '../runs/run.testing.js';

test('a long cell of a damaged file is shortened, and cannot steer the terminal', () => {
  const runs = fresh();
  const [a, b] = ['wn-a', 'wn-b'].map((id) => add(runs, id)) as [string, string];
  for (const run of [a, b]) writeFileSync(join(run, 'steps.csv'), 'step,loss\n1,0.5\n');
  truncateSync(join(a, 'steps.csv'), 2 ** 24); // zeros, as after a power cut
  const { code, out } = wnlstm('diff', a, b);
  assert.equal(code, 0);
  assert.match(out, /steps\.csv: first difference .*: \\u0000.*…/);
  assert.ok(out.length < 5000, `${out.length} characters`);
});
