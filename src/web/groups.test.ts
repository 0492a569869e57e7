/** @file The sweeps of the page: their order, and the time that is left. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeSweep } from './runs.testing.js';
import { ask, firstRuns, served } from './serve.testing.js';

const runs = mkdtempSync(join(tmpdir(), 'wnlstm-groups-'));
after(() => rmSync(runs, { recursive: true }));

test('the newest sweep is first, and a sweep that trains has an estimate of the time left', async () => {
  const base = { backend: 'wasm', device: 'cpu', steps: 1000 };
  const sweep = { base, arms: { wn: {} }, seeds: [0, 1, 2] };
  writeSweep(runs, { name: 'a', ...sweep }, () => ({ rows: 100 }));
  writeSweep(runs, { name: 'b', ...sweep }, (_, seed) =>
    seed === 2 ? null : { rows: 50, record: { status: 'running', started_at: `2026-02-0${seed + 1}` } },
  );
  writeSweep(runs, { name: 'c', ...sweep }, () => null);
  const live = await served(runs);
  for (const key of ['b/wn-s0', 'b/wn-s1']) {
    const { runs: found } = await firstRuns(live.address);
    const run = found.find((each) => each.key.startsWith(key));
    await ask(
      live.address,
      `rows?run=${encodeURIComponent(run?.key ?? '')}&file=steps.csv&columns=step,loss`,
    );
  }
  let { groups } = await firstRuns(live.address);
  while (groups[1]?.secondsLeft === null) {
    await sleep(100); // pages that open at once get the same state
    ({ groups } = await firstRuns(live.address));
  }
  assert.deepEqual(
    groups.map(({ name }) => name),
    ['c', 'b', 'a'],
  );
  const [waiting, training, ended] = groups.map(({ secondsLeft }) => secondsLeft);
  assert.deepEqual([waiting, ended], [null, null]);
  assert.ok(Math.abs((training ?? 0) - (2 * 500 + 1000) / (2 * 340)) < 1e-6, String(training));
  await live.stop();
});
