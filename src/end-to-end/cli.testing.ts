/** @file Runs the program as a process on a small data set, for tests. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { writeTinyDataset } from '../data/idx.testing.js';
import { packageRoot } from '../package.js';
import { timeColumns } from '../runs/metrics.js';

export const bin = join(packageRoot, 'bin/wnlstm.js');
export const scratch = mkdtempSync(join(tmpdir(), 'wnlstm-'));
export const data = writeTinyDataset(join(scratch, 'data'), { size: 8, train: 240, test: 60, classes: 4 });
after(() => rmSync(scratch, { recursive: true }));

let folders = 0;

export function freshFolder(): string {
  return join(scratch, `runs-${folders++}`);
}

export interface Result {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export const environment = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '' };

export function wnlstm(...args: string[]): Result {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], {
    encoding: 'utf8',
    env: environment,
  });
  return { code: status, out: stdout, err: stderr };
}

/** A training command on the small data set: 11 units, batch 16, 13 steps per epoch. */
export function training(runs: string, ...more: string[]): string[] {
  return [
    'train',
    '--data',
    data,
    '--runs',
    runs,
    '--units',
    '11',
    '--batch',
    '16',
    '--lr',
    '0.02',
    '--log-every',
    '3',
    ...more,
  ];
}

export function train(runs: string, ...more: string[]): Result {
  return wnlstm(...training(runs, '--backend', 'wasm', ...more));
}

export function onlyRun(runs: string): string {
  const found = readdirSync(runs);
  assert.equal(found.length, 1, found.join(' '));
  return join(runs, found[0]!);
}

/** Both CSVs of a run without their time columns. */
export function csvs(run: string): string {
  const texts = ['metrics.csv', 'steps.csv'].map((file) => {
    const lines = readFileSync(join(run, file), 'utf8')
      .split('\n')
      .map((line) => line.split(','));
    const kept = lines[0]!.flatMap((name, column) => (timeColumns.includes(name) ? [] : [column]));
    return lines.map((cells) => kept.map((column) => cells[column]).join(',')).join('\n');
  });
  return texts.join('\n');
}

export function assertRefused({ code, out, err }: Result, expected: RegExp, exit = 2): void {
  assert.match(err, expected);
  assert.equal(code, exit, err);
  assert.equal(out, '');
  assert.doesNotMatch(err, /\n\s+at /, 'no stack');
  assert.ok(err.trim().split('\n').length <= 2, `an error is a line and a hint, got ${err}`);
}

/** Sends a signal to a run after `steps.csv` has more than `rows` lines. */
export function killAt(
  child: ChildProcess,
  runs: string,
  rows: number,
  signal: NodeJS.Signals,
): Promise<number | null> {
  return new Promise((resolve) => {
    const watch = setInterval(() => {
      const folder = existsSync(runs) && readdirSync(runs)[0];
      const steps = folder && join(runs, folder, 'steps.csv');
      if (!steps || !existsSync(steps) || readFileSync(steps, 'utf8').split('\n').length <= rows) return;
      clearInterval(watch); // once: a second signal means leave now
      child.kill(signal);
    }, 2);
    child.on('exit', (code) => {
      clearInterval(watch);
      resolve(code);
    });
  });
}
