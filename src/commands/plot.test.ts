/** @file `wnlstm plot` on single runs of different lengths: names, axes and smoothing. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { writeTinyDataset } from '../data/idx.testing.js';
import { packageRoot } from '../package.js';

const bin = join(packageRoot, 'bin/wnlstm.js');
const scratch = mkdtempSync(join(tmpdir(), 'wnlstm-plot-'));
after(() => rmSync(scratch, { recursive: true }));
const data = writeTinyDataset(join(scratch, 'data'), { size: 8, train: 220, test: 20, classes: 4 });
const runs = join(scratch, 'runs');

function wnlstm(command: string, ...more: string[]) {
  return spawnSync(process.execPath, [bin, command, '--runs', runs, ...more], {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '' },
  });
}

const options = ['--data', data, '--backend', 'wasm', '--units', '4', '--batch', '10', '--log-every', '2'];
for (const steps of ['30', '44']) {
  const { status, stderr } = wnlstm('train', ...options, '--clip', '0.5', '--steps', steps, '--quiet');
  assert.equal(status, 0, stderr);
}
const [stepsPerEpoch] = readdirSync(runs)
  .map((run) => readFileSync(join(runs, run, 'metrics.csv'), 'utf8').split('\n'))
  .map((lines) => Number(lines[1]!.split(',')[1]));

test('without names, plot draws all runs with unique arm names, and compare gives a hint', () => {
  const { status, stdout, stderr } = wnlstm('plot', '--format', 'text');
  assert.equal(status, 0, stderr);
  assert.match(stderr, /^note No run was named; using all 2 runs in .*runs\.$/m);
  assert.match(stdout, /^\* wn clip=0\.5 steps=30 \(1 seed\)\no wn clip=0\.5 steps=44 \(1 seed\)$/m);
  const compared = wnlstm('compare');
  assert.equal(compared.status, 2);
  assert.match(
    compared.stderr,
    /different lengths: 30 steps, 44 steps[\s\S]*hint +Name one sweep, or runs of equal/,
  );
});

test('the name of a single run contains what its id contains', () => {
  const [run] = readdirSync(runs);
  assert.match(wnlstm('plot', run!, '--format', 'text').stdout, /^\* wn clip=0\.5 \(1 seed\)$/m);
});

test('the x axis is steps, epochs or seconds, in the figure and in its numbers', () => {
  for (const [axis, title] of [
    ['step', 'step'],
    ['epoch', 'epoch'],
    ['seconds', 'elapsed time (s)'],
  ]) {
    const base = join(scratch, axis!);
    const { status, stderr } = wnlstm('plot', '--x', axis!, '--out', `${base}.svg`, '--columns', 'loss');
    assert.equal(status, 0, stderr);
    assert.ok(readFileSync(`${base}.svg`, 'utf8').includes(`>${title}</text>`));
    const [header, ...rows] = readFileSync(`${base}.csv`, 'utf8').trim().split('\n');
    assert.equal(header, `column,arm,step,mean,low,high,n${axis === 'step' ? '' : `,${axis}`}`);
    const cells = rows.map((row) => row.split(','));
    if (axis === 'epoch') {
      for (const row of cells) assert.equal(Number(row[7]), Number(row[2]) / stepsPerEpoch!);
    }
  }
});

test('--smooth averages only training curves, and the figure says so', () => {
  const numbersOf = (...more: string[]): string[] => {
    const base = join(scratch, `smooth${more.length}`);
    const columns = ['--columns', 'loss,val_loss', '--format', 'svg'];
    const { status, stderr } = wnlstm('plot', ...columns, '--out', base, ...more);
    assert.equal(status, 0, stderr);
    assert.equal(
      readFileSync(`${base}.svg`, 'utf8').includes('training curves: mean over the last 12 steps'),
      more.length > 0,
    );
    return readFileSync(`${base}.csv`, 'utf8').trim().split('\n');
  };
  const [raw, smooth] = [numbersOf(), numbersOf('--smooth', '12')];
  const of = (rows: string[], column: string): string[] => rows.filter((row) => row.startsWith(`${column},`));
  assert.deepEqual(of(smooth, 'val_loss'), of(raw, 'val_loss'));
  assert.equal(of(smooth, 'loss').length, of(raw, 'loss').length);
  assert.notDeepEqual(of(smooth, 'loss'), of(raw, 'loss'));
});

test('an invalid axis or smoothing is an error', () => {
  for (const smooth of ['0', '-5', '1.5', 'many', '', '1e3', '9999999999']) {
    const { status, stderr, stdout } = wnlstm('plot', `--smooth=${smooth}`);
    assert.equal(status, 2, smooth);
    assert.match(stderr, /Expected a whole number from 1 to/);
    assert.equal(stdout, '');
  }
  const { status, stderr } = wnlstm('plot', '--x', 'hours');
  assert.equal(status, 2);
  assert.match(stderr, /step, epoch, seconds/);
});
