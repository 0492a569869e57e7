/** @file Signals and terminals: a stop signal ends a run with a checkpoint, and other signals do not affect it. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep, setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { writeTinyDataset } from '../data/idx.testing.js';
import { packageRoot } from '../package.js';
import { STOP_SIGNALS, type StopSignal } from '../signals.js';
import { inTerminal, noTerminal } from './terminal.testing.js';

const scratch = mkdtempSync(join(tmpdir(), 'wnlstm-signals-'));
after(() => rmSync(scratch, { recursive: true }));
const data = writeTinyDataset(join(scratch, 'data'), { size: 8, train: 240, test: 60, classes: 4 });
const bin = join(packageRoot, 'bin/wnlstm.js');
const windows = process.platform === 'win32' ? 'Windows has no signals' : false;

function optionsFor(runs: string): string[] {
  return [
    ...['--data', data, '--runs', runs, '--backend', 'wasm', '--units', '9', '--batch', '1'],
    ...['--epochs', '100000'],
  ];
}

function trainingIn(runs: string): string[] {
  return [process.execPath, bin, 'train', ...optionsFor(runs)];
}

function onlyRun(runs: string): string {
  return join(runs, (existsSync(runs) && readdirSync(runs)[0]) || '-');
}

function read(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

function statusOf(run: string): string {
  return JSON.parse(read(join(run, 'run.json')) || '{}').status;
}

async function until(isSo: () => boolean, what: string): Promise<void> {
  for (let waited = 0; !isSo(); waited += 10) {
    assert.ok(waited < 20_000, what);
    await sleep(10);
  }
}

function isTraining(run: () => string): Promise<void> {
  return until(() => read(join(run(), 'steps.csv')).split('\n').length > 4, 'it does not train');
}

const children: ChildProcess[] = [];
after(() => children.forEach((child) => void child.kill('SIGKILL')));

function endOf(child: ChildProcess): Promise<number | null> {
  children.push(child);
  return new Promise((resolve) => child.on('exit', resolve));
}

/** Starts a long run and waits until it trains. */
async function startRun(name: string, words = trainingIn(join(scratch, name))) {
  const [program = '', ...args] = words;
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let printed = '';
  child.stderr?.on('data', (part) => {
    printed += part;
  });
  const ended = endOf(child);
  await isTraining(() => onlyRun(join(scratch, name)));
  const status = (): string => statusOf(onlyRun(join(scratch, name)));
  return { child, ended, status, printed: () => printed };
}

test('a signal and its echoes count as one, and the run ends with a checkpoint', async () => {
  const { child, ended, status } = await startRun('echoed');
  for (let echo = 0; echo < 5000 && child.exitCode === null && status() === 'running'; echo++) {
    child.kill('SIGINT');
    await yieldToEventLoop();
  }
  assert.equal(await ended, 130);
  assert.equal(status(), 'interrupted');
});

for (const signal of Object.keys(STOP_SIGNALS).filter((name) => name !== 'SIGHUP') as StopSignal[]) {
  test(`${signal} ends a run with a checkpoint and exit code ${STOP_SIGNALS[signal]}`, {
    skip: windows,
  }, async () => {
    const { child, ended, status } = await startRun(signal);
    child.kill(signal);
    assert.equal(await ended, STOP_SIGNALS[signal]);
    assert.equal(status(), 'interrupted');
  });
}

test('SIGHUP without a terminal, as under nohup, is reported and ignored', { skip: windows }, async () => {
  const { child, ended, status, printed } = await startRun('nohup');
  child.kill('SIGHUP');
  await until(() => printed().includes('SIGHUP'), 'it says nothing');
  assert.match(printed(), new RegExp(`SIGHUP was ignored .*kill ${child.pid}`));
  assert.equal(status(), 'running');
  child.kill('SIGTERM');
  assert.equal(await ended, 143);
});

test('closing the terminal ends a run with a checkpoint and exit code 129', {
  skip: noTerminal,
}, async () => {
  const runs = join(scratch, 'closed');
  const { code } = await inTerminal(trainingIn(runs), { closeAfter: 'loss 0.' });
  assert.equal(code, 129);
  assert.equal(statusOf(onlyRun(runs)), 'interrupted');
});

test('a signal to a worker of a sweep stops its run with a checkpoint, and SIGHUP is ignored', {
  skip: existsSync('/proc/self/task') ? false : 'needs /proc to find the worker',
}, async () => {
  const file = join(scratch, 'one.json');
  const base = { backend: 'wasm', data, units: 9, batch: 1, epochs: 100_000 };
  writeFileSync(file, JSON.stringify({ name: 'one', base, seeds: [0] }));
  const runs = join(scratch, 'one-runs');
  const child = spawn(process.execPath, [bin, 'sweep', file, '--runs', runs, '--quiet'], { stdio: 'ignore' });
  const ended = endOf(child);
  const folder = join(runs, 'one');
  const run = (): string => join(folder, readdirSync(folder).find((name) => name.startsWith('wn-')) ?? '-');
  await until(() => existsSync(folder) && existsSync(run()), 'no run');
  await isTraining(run);
  const [worker] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')
    .split(' ')
    .map(Number);
  process.kill(worker!, 'SIGHUP');
  await sleep(50);
  assert.equal(statusOf(run()), 'running');
  process.kill(worker!, 'SIGXCPU');
  assert.equal(await ended, 75);
  assert.equal(statusOf(run()), 'interrupted');
});

test('`npm start` is the training process itself, so that a signal reaches it', {
  skip: windows,
}, async () => {
  const { scripts } = JSON.parse(read(join(packageRoot, 'package.json')));
  const start = scripts.start.replace(/.*&& /, '').replace('bin/wnlstm.js', bin);
  const runs = join(scratch, 'start');
  const words = `${start} ${optionsFor(runs).join(' ')}`.replace('configs/', join(packageRoot, 'configs/'));
  const { child, ended, status } = await startRun('start', ['sh', '-c', words]);
  child.kill('SIGTERM');
  assert.equal(await ended, 143);
  assert.equal(status(), 'interrupted');
});

for (const [signal, code] of [
  ['SIGTERM', 143],
  ['SIGXCPU', 152],
] as const) {
  test(`a script forwards ${signal} to the program`, { skip: windows }, async () => {
    const words = `cd ${packageRoot}; runs=${join(scratch, `script${code}`)}; . scripts/wnlstm.sh; set -e
    wnlstm train ${optionsFor('X')
      .filter((word) => word !== '--runs' && word !== 'X')
      .join(' ')}; echo not here`;
    const { child, ended, status } = await startRun(`script${code}`, ['bash', '-c', words]);
    child.kill(signal);
    assert.equal(await ended, code);
    assert.equal(status(), 'interrupted');
  });
}

function short(name: string, ...more: string[]): string[] {
  return [
    ...[process.execPath, bin, 'train', '--data', data, '--runs', join(scratch, name), '--backend', 'wasm'],
    ...['--units', '9', '--batch', '1', '--epochs', '3', ...more],
  ];
}

const ESCAPE = '\x1b';
/** Escape sequences that change the cursor, the wrapping or the screen of a terminal. */
const SETTINGS = new RegExp(`${ESCAPE}\\[\\?\\d+[hl]`);

test('the settings and the lines of a terminal are kept, also at 60 columns', {
  skip: noTerminal,
}, async () => {
  const { code, seen } = await inTerminal(short('sixty'), { columns: 60 });
  assert.equal(code, 0);
  assert.doesNotMatch(seen, SETTINGS);
  assert.match(seen, /━|─/);
  assert.equal([...seen.matchAll(/val acc \d+\.\d\d %/g)].length, 3);
});

test('no escape codes are sent to a terminal without them', { skip: noTerminal }, async () => {
  for (const TERM of ['dumb', '']) {
    const { code, seen } = await inTerminal(short(`dumb${TERM}`), { env: { TERM } });
    assert.equal(code, 0);
    assert.ok(!seen.includes(ESCAPE), JSON.stringify(seen));
    assert.equal([...seen.matchAll(/val acc \d+\.\d\d %/g)].length, 3);
  }
});

test('the bar moves between two rows of steps.csv', { skip: noTerminal }, async () => {
  const { seen } = await inTerminal(short('rare', '--log-every', '100000', '--epochs', '40'), {});
  const steps = new Set([...seen.matchAll(/step (\d+)\/8800/g)].map(([, step]) => step));
  assert.ok(steps.size > 2, [...steps].join());
});
