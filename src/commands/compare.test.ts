/** @file `wnlstm compare` and `wnlstm plot` on a small sweep and on single runs of it. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { writeTinyDataset } from '../data/idx.testing.js';
import { readDataset } from '../data/mnist.js';
import { packageRoot } from '../package.js';
import { decided } from '../sweep/decided.testing.js';
import { parseSweep } from '../sweep/grid.js';
import { createInProcessExecutor } from '../sweep/job.js';
import { freeze, plannedRuns, writePlan } from '../sweep/plan.js';
import { runSweep } from '../sweep/scheduler.js';

const bin = join(packageRoot, 'bin/wnlstm.js');
const scratch = mkdtempSync(join(tmpdir(), 'wnlstm-compare-'));
after(() => rmSync(scratch, { recursive: true }));
const data = writeTinyDataset(join(scratch, 'data'), { size: 8, train: 3600, test: 60, classes: 4 });
const runs = join(scratch, 'runs');
const folder = join(runs, 'rates');

const sweep = parseSweep(
  {
    name: 'rates',
    about: 'Learning rates',
    base: {
      backend: 'wasm',
      device: 'cpu',
      data,
      units: 16,
      batch: 16,
      steps: 200,
      logEvery: 5,
      lr: 0.03,
      clip: 0.5,
    },
    arms: { slow: { lr: 0.00001 }, wn: {} },
    grid: { lr: { low: {}, high: { batch: 24 } } },
    seeds: 6,
    comparisons: [['slow high', 'wn high']],
  },
  'rates.json',
);
const plan = freeze(decided(sweep), readDataset(data).checksums, '2026-01-01T00:00:00.000Z');
const never = { failFast: false, signal: new AbortController().signal };
await runSweep(plannedRuns(plan), folder, createInProcessExecutor(1), never, () => {});
writePlan(folder, plan);

function nameOfRun(arm: string, seed: number): string {
  return String(plannedRuns(plan).find((run) => run.arm === arm && run.seed === seed)?.id);
}

function wnlstm(command: string, ...more: string[]) {
  return spawnSync(process.execPath, [bin, command, '--runs', runs, ...more], {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '' },
  });
}

test('compare prints the arms and the declared comparison with its verdict, in 80 columns', () => {
  const { status, stdout, stderr } = wnlstm('compare', 'rates');
  assert.equal(status, 0, stderr);
  assert.equal(stderr, '');
  assert.match(stdout, /^slow high +6 /m);
  assert.match(stdout, /^slow high − wn high +6 +−\d.* 0\.03\d? +worse$/m);
  for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line);
});

test('every format has the same verdict', () => {
  const json = JSON.parse(wnlstm('compare', folder, '--format', 'json').stdout);
  assert.equal(json.comparisons[0].verdict.kind, 'worse');
  assert.equal(json.comparisons[0].p, 2 / 64);
  assert.match(
    wnlstm('compare', 'rates', '--format', 'md').stdout,
    /^\| slow high − wn high \|.*\| worse \|$/m,
  );
  assert.match(
    wnlstm('compare', 'rates', '--format', 'csv').stdout,
    /^comparison,slow high − wn high,.*,worse,worse$/m,
  );
});

test('--fail-on worse sets exit code 3, and is an error without declared comparisons', () => {
  const failed = wnlstm('compare', 'rates', '--fail-on', 'worse');
  assert.equal(failed.status, 3);
  assert.match(failed.stdout, /worse/);
  for (const undeclared of [['rates', '--select', 'val_loss'], [runs]]) {
    const { status, stderr } = wnlstm('compare', ...undeclared, '--fail-on', 'worse');
    assert.equal(status, 2);
    assert.match(stderr, /expected declared comparisons/);
  }
});

test('a comparison that was not declared has an interval and no p', () => {
  const options = ['--pair', 'wn high vs wn low', '--against', 'slow low', '--format', 'json'];
  const { exploratory } = JSON.parse(wnlstm('compare', 'rates', ...options).stdout);
  assert.equal(exploratory.length, 4);
  for (const { p, interval_95, verdict } of exploratory) {
    assert.equal(p, null);
    assert.equal(interval_95.length, 2);
    assert.equal(verdict.kind, 'exploratory');
  }
});

test('--select keeps the grid point of each arm that is best on validation data', () => {
  const json = (...options: string[]) =>
    JSON.parse(wnlstm('compare', 'rates', '--format', 'json', ...options).stdout);
  const { arms, notes } = json('--select', 'val_loss');
  const all: { name: string; val_loss: { mean: number } }[] = json().arms;
  const best = ['slow', 'wn'].map(
    (gridArm) =>
      all.filter(({ name }) => name.startsWith(gridArm)).sort((a, b) => a.val_loss.mean - b.val_loss.mean)[0]!
        .name,
  );
  assert.deepEqual(
    arms.map(({ name }: { name: string }) => name),
    best,
  );
  assert.match(
    notes.join(' '),
    /Selected by val_loss: the best grid point of each of slow, wn, out of 4 arms\./,
  );
});

test('--select does not accept criteria on test data', () => {
  for (const criterion of ['test_accuracy', 'best_test_loss']) {
    const { status, stderr } = wnlstm('compare', 'rates', '--select', criterion);
    assert.equal(status, 2);
    assert.match(stderr, /Test data is only for measuring the result/);
  }
});

test('invalid arguments are errors with the nearest name', () => {
  const cases: [string[], RegExp][] = [
    [['compare', 'rates', '--pair', 'wn low'], /expected "A vs B"/],
    [['compare', 'rates', '--against', 'wn lo'], /nearest: wn low/],
    [['compare', 'rates', '--select', 'val_los'], /nearest: val_loss/],
    [['compare', 'nothing'], /found no run/],
    [['compare', 'rates', 'rates'], /Expected one sweep or several runs/],
    [['plot', 'rates', '--columns', 'val_acuracy'], /nearest: val_accuracy/],
    [['plot', 'rates', '--arm', 'wn hi'], /nearest: wn/],
    [['plot', 'rates', '--format', 'gif'], /svg, png, vl\.json, html, text/],
    [['plot', 'rates', '--out', 'x.gif'], /ends in \.svg, \.png/],
    [['compare', 'rates', '--report', join(folder, 'plan.json')], /ends in \.html/],
    [['compare', 'rates', '--figure', join(folder, 'plan.json')], /ends in \.svg/],
  ];
  for (const [[command, ...rest], message] of cases) {
    const { status, stderr, stdout } = wnlstm(command!, ...rest);
    assert.equal(status, 2, stderr);
    assert.match(stderr, message);
    assert.equal(stdout, '');
  }
});

test('--report writes a page with verdicts, numbers, configs and environment that loads no resources', () => {
  const path = join(scratch, 'report.html');
  assert.equal(wnlstm('compare', 'rates', '--report', path).status, 0);
  const page = readFileSync(path, 'utf8');
  for (const part of [
    'slow high − wn high',
    'worse',
    'Learning rates',
    'sha256',
    '<td>0.00001</td>',
    'wasm',
  ]) {
    assert.ok(page.includes(part), part);
  }
  assert.match(page, /default-src 'none'/);
  assert.doesNotMatch(page, /(src|href)="?https?:/);
});

test('plot writes the figure and its numbers into the folder of the sweep, with reproducible bytes', () => {
  const first = wnlstm('plot', 'rates', '--format', 'svg,png,vl.json,html');
  assert.equal(first.status, 0, first.stderr);
  const names = ['curves.csv', 'curves.html', 'curves.png', 'curves.svg', 'curves.vl.json'];
  const read = (): Buffer[] => names.map((name) => readFileSync(join(folder, name)));
  assert.deepEqual(
    first.stdout.trim().split('\n').sort(),
    names.map((name) => join(folder, name)),
  );
  const before = read();
  for (const name of names) rmSync(join(folder, name));
  wnlstm('plot', 'rates', '--format', 'svg,png,vl.json,html');
  assert.deepEqual(read(), before);
  assert.match(before[3]!.toString(), /wn low \(6 seeds\)/);
});

test('plot draws the chosen arms in the terminal, and writes no file', () => {
  const before = readdirSync(folder);
  const { stdout, status } = wnlstm(
    'plot',
    'rates',
    '--format',
    'text',
    '--columns',
    'val_loss',
    '--arm',
    'wn low',
  );
  assert.equal(status, 0);
  assert.match(stdout, /validation loss/);
  assert.match(stdout, /wn low \(6 seeds\)/);
  assert.doesNotMatch(stdout, /slow/);
  assert.deepEqual(readdirSync(folder), before);
});

test('plot never replaces a CSV file of a run', () => {
  const run = join(folder, nameOfRun('wn low', 1));
  const before = readFileSync(join(run, 'steps.csv'), 'utf8');
  const { status, stderr } = wnlstm('plot', run, '--out', join(run, 'steps.svg'));
  assert.equal(status, 2);
  assert.match(stderr, /steps\.csv exists and was not written by/);
  assert.equal(readFileSync(join(run, 'steps.csv'), 'utf8'), before);
});

test('an unfinished run can be plotted, but not compared', () => {
  const copy = join(scratch, 'unfinished');
  cpSync(join(folder, nameOfRun('wn low', 0)), join(copy, 'wn'), { recursive: true });
  const record = join(copy, 'wn/run.json');
  writeFileSync(record, readFileSync(record, 'utf8').replace('"completed"', '"interrupted"'));
  rmSync(join(copy, 'wn/summary.json'));
  const out = join(scratch, 'one.svg');
  const plotted = wnlstm('plot', join(copy, 'wn'), '--out', out);
  assert.equal(plotted.status, 0, plotted.stderr);
  assert.match(plotted.stderr, /Includes 1 unfinished run/);
  assert.ok(existsSync(out) && existsSync(join(scratch, 'one.csv')));
  const compared = wnlstm('compare', copy);
  assert.equal(compared.status, 2);
  assert.match(compared.stderr, /has a result yet.*is interrupted/);
});

test('runs without a plan have intervals and no p', () => {
  const arms = ['wn low', 'slow low'].flatMap((arm) =>
    [0, 1, 2, 3, 4, 5].map((seed) => nameOfRun(arm, seed)),
  );
  const { status, stdout, stderr } = wnlstm('compare', ...arms, '--format', 'json');
  assert.equal(status, 0, stderr);
  const { comparisons, exploratory, notes } = JSON.parse(stdout);
  assert.deepEqual(comparisons, []);
  assert.equal(exploratory[0].a, 'wn lr=0.00001 clip=0.5');
  assert.equal(exploratory[0].p, null);
  assert.match(notes.join(' '), /No comparison was declared/);
});

test('without names, both use the newest sweep and print a note', () => {
  const compared = wnlstm('compare');
  assert.equal(compared.stderr, 'note No run was named; using the newest sweep, rates.\n');
  assert.equal(compared.stdout, wnlstm('compare', 'rates').stdout);
  const plotted = wnlstm('plot', '--format', 'text');
  assert.match(plotted.stderr, /^note No run was named; using the newest sweep, rates\.$/m);
  assert.equal(plotted.stdout, wnlstm('plot', 'rates', '--format', 'text').stdout);
});
