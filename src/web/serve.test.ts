/** @file The server: who gets an answer, what it shows, and how it ends. */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { STOP_SIGNALS } from '../signals.js';
import { writeRun, writeSweep } from './runs.testing.js';
import { ask, firstRuns, listen, type Served, served } from './serve.testing.js';
import type { RunsEvent } from './shared/protocol.js';

const scratch = mkdtempSync(join(tmpdir(), 'wnlstm-web-'));
after(() => rmSync(scratch, { recursive: true }));
const runs = join(scratch, 'runs');
const base = { backend: 'wasm', device: 'cpu' };
const sweep = { name: 'two', base, arms: { base: { model: 'base' }, wn: { model: 'wn' } }, seeds: 3 };
let page: Served;

before(async () => {
  mkdirSync(runs);
  writeSweep(runs, sweep, () => ({ rows: 3 }));
  for (const id of ['loose', 'broken']) writeRun(runs, { id, rows: 3 });
  page = await served(runs);
});
after(() => page.stop());

test('without the token, or with another one, every path is refused', async () => {
  const { pathname } = new URL(page.address);
  const wrong = [`${pathname.slice(0, -2)}x/`, '/', '/events', '/style/colours.css', '//', `/x${pathname}`];
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
  for (const path of ['', 'style/colours.css', 'uplot.js', 'uplot.css', 'page/main.js', 'shared/protocol.js'])
    assert.equal((await ask(page.address, path)).status, 200, path);
  assert.equal((await ask(page.address, new URL(page.address).pathname.slice(0, -1))).status, 308);
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
  assert.doesNotMatch(open.address, /0\.0\.0\.0/);
  assert.equal((await ask(open.address)).status, 200);
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
