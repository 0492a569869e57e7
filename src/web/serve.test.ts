/** @file The server: who gets an answer, what it answers, and how it ends. */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { curvesOf } from '../figures/curves.js';
import { readLoggedRuns } from '../results/results.js';
import { STOP_SIGNALS } from '../signals.js';
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

test('without the token, or with another one, every path is refused', async () => {
  const { pathname } = new URL(page.address);
  const wrong = [`${pathname.slice(0, -2)}x/`, '/', '/events', '/page.css', '//', `/x${pathname}`];
  for (const path of [...wrong, `${pathname.slice(0, -2)}x/rows?run=loose`, '/..%2f']) {
    const { status, body } = await ask(page.address, path);
    assert.equal(status, 403, path);
    assert.doesNotMatch(body.toString(), /loose|<html/, path);
  }
});

test('a foreign Host header is refused, although the token is right', async () => {
  for (const host of ['example.com', 'example.com:80', '127.0.0.1.example.com', 'a@127.0.0.1']) {
    assert.equal((await ask(page.address, '', { host })).status, 403, host);
  }
  assert.equal((await ask(page.address, '', { host: 'localhost:9999' })).status, 200, 'an SSH tunnel');
});

test('the page allows no request to another host, no inline script and no frame', async () => {
  const { headers, body } = await ask(page.address);
  const policy = String(headers['content-security-policy']);
  assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.doesNotMatch(policy, /unsafe|\*|http/);
  assert.equal(headers['referrer-policy'], 'no-referrer');
  assert.equal(headers['access-control-allow-origin'], undefined);
  assert.doesNotMatch(body.toString(), /https?:|<script>/);
});

test('only GET is answered, and only the files of the page', async () => {
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    assert.equal((await ask(page.address, '', { method })).status, 405, method);
  }
  for (const path of [
    '../package.json',
    'page/../../package.json',
    'page/main.ts',
    'shared/',
    'run.json',
    'constructor',
  ])
    assert.equal((await ask(page.address, path)).status, 404, path);
  for (const path of ['', 'page.css', 'uplot.js', 'uplot.css', 'page/main.js', 'shared/protocol.js'])
    assert.equal((await ask(page.address, path)).status, 200, path);
  assert.equal((await ask(page.address, new URL(page.address).pathname.slice(0, -1))).status, 308);
});

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

test('a port that is in use is an error with a hint', async () => {
  const { port } = new URL(page.address);
  await assert.rejects(served(runs, { port: Number(port) }), (error: Error & { hint?: string }) => {
    assert.match(error.message, new RegExp(`^Port ${port} of 127\\.0\\.0\\.1 is in use\\.$`));
    assert.match(error.hint ?? '', /--port/);
    return true;
  });
});

test('an address that this machine does not have is an error with a hint', async () => {
  await assert.rejects(
    served(runs, { host: '192.0.2.1' }),
    /--host 192\.0\.2\.1: this machine has no such address/,
  );
});

test('a name that stands for no run is an error before anything is served', async () => {
  await assert.rejects(served(runs, { names: ['nothing'] }), /Expected one run with the name nothing/);
});

test('only the named runs and sweeps are shown', async () => {
  for (const [names, count] of [
    [['two'], 6],
    [['loose', 'broken'], 2],
    [['loose', 'two'], 7],
  ] as const) {
    const some = await served(runs, { names });
    assert.equal((await firstRuns(some.address)).runs.length, count, names.join());
    await some.stop();
  }
});

test('a folder without runs, or that does not exist yet, is watched', async () => {
  const own = join(scratch, 'later');
  const live = await served(own);
  assert.ok(live.printed.some((line) => line.includes(`There is no folder ${own} yet`)));
  const events = await listen(live.address);
  assert.deepEqual((await events.next<RunsEvent>('runs')).runs, []);
  writeRun(own, { id: 'new', rows: 3 });
  const { runs: found } = await events.next<RunsEvent>('runs');
  assert.deepEqual(
    found.map(({ key }) => key),
    ['new'],
  );
  events.close();
  await live.stop();
});

test('an address for other machines has a warning', async () => {
  const open = await served(runs, { host: '0.0.0.0' });
  assert.ok(open.printed.some((line) => /works from other machines/.test(line)));
  await open.stop();
});

test('Ctrl-C ends it with exit code 0, also with a page that is open; other signals with theirs', async () => {
  const first = await served(runs);
  const events = await listen(first.address);
  assert.equal(await first.stop(), 0);
  events.close();
  await assert.rejects(ask(first.address), /ECONNREFUSED/);
  assert.equal(await (await served(runs)).stop(STOP_SIGNALS.SIGTERM), STOP_SIGNALS.SIGTERM);
});
