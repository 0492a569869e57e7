/** @file What the server answers: runs, rows, curves of arms, comparisons and logs. */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { curvesOf } from '../figures/curves.js';
import { readLoggedRuns } from '../results/results.js';
import { listRuns } from '../runs/find.js';
import { logOf, recordJob, writeSubmission } from '../slurm/jobs.js';
import { appendRows, writeRun, writeSweep } from './runs.testing.js';
import { ask, firstRuns, listen, type Served, served } from './serve.testing.js';
import type {
  ComparisonAnswer,
  CurvesAnswer,
  LogAnswer,
  RowsEvent,
  RunsEvent,
  StartEvent,
} from './shared/protocol.js';
import { decodeRows } from './shared/rows-format.js';

const scratch = mkdtempSync(join(tmpdir(), 'wnlstm-web-'));
after(() => rmSync(scratch, { recursive: true }));
const runs = join(scratch, 'runs');
const file = { name: 'two', arms: { base: { model: 'base' }, wn: { model: 'wn' } }, seeds: 3 };
const failure = 'the data changed';
let page: Served;

before(async () => {
  mkdirSync(runs);
  writeSweep(runs, { ...file, base: { backend: 'wasm', device: 'cpu', steps: 4290 } }, (arm, seed) => ({
    level: arm === 'base' ? 0.5 : 0.1,
    rows: 429,
    ...(seed === 2 ? { rows: 90, record: { status: 'running' } } : {}),
  }));
  writeRun(runs, { id: 'loose', rows: 50, record: { status: 'interrupted' } });
  writeRun(runs, {
    id: 'broken',
    rows: 5,
    log: 'line\nlast line\n',
    record: { status: 'failed', error: failure },
  });
  mkdirSync(join(runs, 'damaged'));
  writeFileSync(join(runs, 'damaged/run.json'), '{');
  page = await served(runs);
});
after(() => page.stop());

function json<Answer>(body: Buffer): Answer {
  return JSON.parse(body.toString()) as Answer;
}

test('a page first gets the columns and styles, then all runs and sweeps', async () => {
  const events = await listen(page.address);
  const start = await events.next<StartEvent>('start');
  assert.ok(start.columns['metrics.csv'].includes('val_loss') && start.styles.length > 10);
  const all = await events.next<RunsEvent>('runs');
  events.close();
  const statuses = Object.fromEntries(all.runs.map(({ key, status }) => [key, status]));
  assert.equal(statuses.loose, 'interrupted');
  assert.equal(statuses.damaged, 'damaged');
  assert.equal(Object.values(statuses).filter((status) => status === 'running').length, 2);
  assert.deepEqual(
    all.groups.map(({ name, planned, arms }) => [name, planned, arms]),
    [['two', 6, ['base', 'wn']]],
  );
  const damaged = all.runs.find(({ key }) => key === 'damaged');
  assert.match(damaged?.problem ?? '', /run\.json: it is not JSON/);
});

test('rows that are appended are pushed, and a run that is removed is reported', async () => {
  const own = join(scratch, 'live');
  const run = { id: 'live', rows: 10, record: { status: 'running' } } as const;
  writeRun(own, run);
  writeRun(own, { id: 'other', rows: 3 });
  const live = await served(own);
  const events = await listen(live.address);
  const first = await ask(live.address, 'rows?run=live&file=steps.csv&columns=step,loss');
  const { columns } = decodeRows(Uint8Array.from(first.body).buffer);
  assert.deepEqual([columns[0]?.length, columns[0]?.[9]], [10, 100]);
  appendRows(own, run, 10, 2);
  const [rows] = await events.next<RowsEvent[]>('rows');
  assert.deepEqual([rows?.run, rows?.from, rows?.rows.map(([step]) => step)], ['live', 10, [110, 120]]);
  rmSync(join(own, 'other'), { recursive: true });
  let event = await events.next<RunsEvent>('runs');
  while (event.removed.length === 0) event = await events.next<RunsEvent>('runs');
  assert.deepEqual(event.removed, ['other']);
  events.close();
  await live.stop();
});

test('a file that a resumed run replaces is pushed completely, as another version', async () => {
  const own = join(scratch, 'resumed');
  const run = { id: 'a', rows: 20, record: { status: 'running' } } as const;
  writeRun(own, run);
  const live = await served(own);
  const events = await listen(live.address);
  await ask(live.address, 'rows?run=a&file=steps.csv&columns=step');
  writeRun(own, { ...run, rows: 5 });
  const [rows] = await events.next<RowsEvent[]>('rows');
  assert.deepEqual([rows?.version, rows?.from, rows?.rows.length], [1, 0, 5]);
  events.close();
  await live.stop();
});

test('the mean and the band of an arm are those of wnlstm plot', async () => {
  await firstRuns(page.address);
  for (const [x, smooth, band] of [
    ['step', 0, 'ci'],
    ['epoch', 200, 'sd'],
    ['seconds', 0, 'range'],
  ] as const) {
    const query = `x=${x}&smooth=${smooth}&band=${band}`;
    let answer: CurvesAnswer;
    do {
      answer = json((await ask(page.address, `curves?group=two&columns=loss,val_accuracy&${query}`)).body);
    } while (!answer.complete);
    const { curves } = answer;
    const { arms } = readLoggedRuns(runs, ['two']);
    const expected = curvesOf(arms, ['loss', 'val_accuracy'], band, { x, smooth });
    for (const { column, points } of expected.columns) {
      for (const arm of ['base', 'wn']) {
        const found = curves.find((curve) => curve.arm === arm && curve.column === column);
        const ofArm = points.filter((point) => point.arm === arm);
        assert.deepEqual(
          found?.mean,
          ofArm.map(({ mean }) => mean),
          `${query} ${arm} ${column}`,
        );
        assert.deepEqual(
          found?.low,
          ofArm.map(({ low }) => low),
        );
        assert.deepEqual(
          found?.x,
          ofArm.map((point) => point.x),
        );
      }
    }
  }
});

test('a sweep is compared as by wnlstm compare, and runs that cannot be compared have a reason', async () => {
  await firstRuns(page.address);
  const answer = json<ComparisonAnswer>((await ask(page.address, 'comparison?group=two')).body);
  assert.equal(answer.kind, 'comparison');
  if (answer.kind !== 'comparison') return;
  assert.deepEqual(
    answer.tables[0]?.grid.map(([name]) => name),
    ['arm', 'base', 'wn'],
  );
  assert.match(answer.svg ?? '', /^<svg/);
  assert.ok(answer.notes.some((note) => note.includes('the run is running')));
  const none = json<ComparisonAnswer>((await ask(page.address, 'comparison?run=loose')).body);
  assert.ok(none.kind === 'none' && /has a result yet/.test(none.reason));
  const unknown = json<ComparisonAnswer>((await ask(page.address, 'comparison?run=..%2F..&group=..')).body);
  assert.equal(unknown.kind, 'none');
});

test('the log of a run is shown, and no other file', async () => {
  await firstRuns(page.address);
  const log = async (run: string) => json<LogAnswer>((await ask(page.address, `log?run=${run}`)).body);
  assert.equal((await log('broken')).text, 'line\nlast line\n');
  for (const run of ['loose', 'unknown', '..', '%2Fetc', '']) assert.equal((await log(run)).path, null, run);
});

test('the log of a run that a cluster computed is that of its last task', async () => {
  const own = join(scratch, 'cluster');
  const folder = writeSweep(own, { ...file, name: 'far', seeds: 1 }, () => ({
    rows: 3,
    record: { status: 'failed' },
  }));
  const found = listRuns(own, () => {}).map(({ record }) => record.run_id);
  writeSubmission(folder, 1, [found], '#!/bin/sh\n');
  for (const [id, text] of [
    ['11', 'earlier\n'],
    ['12', `${'x'.repeat(70_000)}\nout of memory\n`],
  ] as const) {
    recordJob(folder, 1, id, '2026-01-01T00:00:00.000Z');
    writeFileSync(logOf(folder, `${id}_0`), text);
  }
  const far = await served(own);
  await firstRuns(far.address);
  const { body } = await ask(far.address, `log?run=far%2F${found[0]}`);
  const { text, cut, path } = json<LogAnswer>(body);
  assert.match(text, /^x+\nout of memory\n$/);
  assert.deepEqual([text.length, cut, path], [65_536, true, logOf(folder, '12_0')]);
  await far.stop();
});

test('nothing in the folder of runs is written', async () => {
  const state = (): string[] =>
    readdirSync(runs, { recursive: true, encoding: 'utf8' })
      .sort()
      .map((name) => {
        const stat = statSync(join(runs, name));
        return `${name} ${stat.mtimeMs} ${stat.isFile() ? readFileSync(join(runs, name)).length : ''}`;
      });
  const before = state();
  await firstRuns(page.address);
  await ask(page.address, 'curves?group=two&columns=loss');
  await ask(page.address, 'comparison?group=two');
  assert.deepEqual(state(), before);
});
