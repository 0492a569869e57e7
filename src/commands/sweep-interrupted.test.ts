/** @file `wnlstm sweep` when it is killed, stopped, or finds a damaged plan. */

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ended, long, resultsOf, runsIn, scratch, start, sweep, sweepFile, until } from './sweep.testing.js';

test('a sweep that was killed and started again ends with the same numbers', async () => {
  const file = sweepFile('killed', {}, long(14));
  sweep(file, 'calm', '--quiet');
  const calm = resultsOf(join(scratch, 'calm/killed'));
  const folder = join(scratch, 'killed/killed');
  for (const runs of [1, 3]) {
    const child = start(file, 'killed');
    await until(() => runsIn(folder).length >= runs);
    await sleep(60);
    child.kill('SIGKILL');
    await ended(child);
  }
  assert.equal(sweep(file, 'killed', '--quiet').status, 0);
  assert.deepEqual(resultsOf(folder), calm);
  const logs = runsIn(folder).map((run) => readFileSync(join(folder, run, 'log.txt'), 'utf8'));
  assert.ok(logs.filter((log) => log.split('started on').length > 2).length >= 2, 'runs were interrupted');
});

test('Ctrl-C stops all child processes and exits with code 75', async () => {
  const file = sweepFile('stopped', {}, long(10_000));
  const folder = join(scratch, 'stopped/stopped');
  const child = start(file, 'stopped');
  await until(() => runsIn(folder).length === 2);
  await sleep(100);
  const code = ended(child);
  child.kill('SIGINT');
  assert.equal(await code, 75);
  for (const run of runsIn(folder)) {
    assert.equal(JSON.parse(readFileSync(join(folder, run, 'run.json'), 'utf8')).status, 'interrupted');
    assert.ok(!existsSync(join(folder, run, 'lock')));
  }
  assert.ok(!existsSync(join(folder, 'lock')));
});

test('a killed child process fails only its run, and a second process on the same sweep is refused', async () => {
  const file = sweepFile('shot', {}, long(30));
  const folder = join(scratch, 'shot/shot');
  const child = start(file, 'shot');
  let said = '';
  child.stderr?.on('data', (chunk) => {
    said += chunk;
  });
  const atWork = (): string | undefined =>
    runsIn(folder).find((run) => existsSync(join(folder, run, 'lock')));
  await until(() => atWork() !== undefined);
  const second = sweep(file, 'shot');
  assert.equal(second.status, 2);
  assert.match(second.stderr, new RegExp(`process ${child.pid} on`));
  await until(() => atWork() !== undefined); // on one core, the run from before may have ended meanwhile
  const victim = atWork();
  const { pid } = JSON.parse(readFileSync(join(folder, String(victim), 'lock'), 'utf8'));
  const code = ended(child);
  process.kill(pid, 'SIGKILL');
  assert.equal(await code, 1);
  assert.match(said, /its process was killed by SIGKILL/);
  const statuses = runsIn(folder).map(
    (run) => JSON.parse(readFileSync(join(folder, run, 'run.json'), 'utf8')).status,
  );
  assert.equal(statuses.filter((status) => status === 'completed').length, 3);
  assert.equal(sweep(file, 'shot', '--quiet').status, 0);
});

test('a sweep with a damaged plan keeps its runs, and without the plan the same command trains nothing', () => {
  const file = sweepFile('replanned');
  assert.equal(sweep(file, 'replanned').status, 0);
  const folder = join(scratch, 'replanned/replanned');
  const plan = join(folder, 'plan.json');
  const ids = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'run.json')));
  const records = (): string[] => ids.map((id) => readFileSync(join(folder, id, 'run.json'), 'utf8'));
  const before = records();
  rmSync(join(folder, ids[0]!, 'config.json'));
  for (const content of ['', 'null', '{}', '{"format": 2']) {
    writeFileSync(plan, content);
    const refused = sweep(file, 'replanned');
    assert.equal(refused.status, 2);
    assert.match(refused.stderr, /plan\.json: .+\n.*move it away and run the sweep again/);
  }
  rmSync(plan);
  const again = sweep(file, 'replanned');
  assert.equal(again.status, 0, again.stderr);
  assert.deepEqual(records(), before);
  assert.ok(existsSync(join(folder, ids[0]!, 'config.json')), 'a missing config is written again');
});
