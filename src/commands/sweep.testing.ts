/** @file Tiny sweeps in child processes, for the tests of `wnlstm sweep`. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeTinyDataset } from '../data/idx.testing.js';
import { packageRoot } from '../package.js';
import { timeColumns } from '../runs/metrics.js';

export const bin = join(packageRoot, 'bin/wnlstm.js');
export const scratch = mkdtempSync(join(tmpdir(), 'wnlstm-sweep-'));
after(() => rmSync(scratch, { recursive: true }));
writeTinyDataset(join(scratch, 'data'), { size: 8, train: 240, test: 60, classes: 4 });
export const environment = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '' };

/** Writes a sweep file with 13 steps per epoch. */
export function sweepFile(
  name: string,
  change: Record<string, unknown> = {},
  base: Record<string, unknown> = {},
): string {
  const path = join(scratch, `${name}.json`);
  writeFileSync(
    path,
    JSON.stringify({
      name,
      base: { backend: 'wasm', data: 'data', units: 7, batch: 16, lr: 0.02, epochs: 2, logEvery: 2, ...base },
      arms: { base: { model: 'base' }, wn: { model: 'wn' } },
      seeds: 2,
      ...change,
    }),
  );
  return path;
}

/** Config keys for many steps and few checkpoints: 220 steps per epoch. */
export function long(epochs: number): Record<string, unknown> {
  return { batch: 1, epochs, logEvery: 100 };
}

export function sweep(file: string, runs: string, ...more: string[]) {
  return spawnSync(process.execPath, [bin, 'sweep', file, '--runs', join(scratch, runs), ...more], {
    encoding: 'utf8',
    env: environment,
  });
}

export function start(file: string, runs: string): ChildProcess {
  return spawn(
    process.execPath,
    [bin, 'sweep', file, '--runs', join(scratch, runs), '--jobs', '2', '--quiet'],
    {
      env: environment,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
}

export function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.on('exit', (code) => resolve(code)));
}

/** The names of the folders of the runs. */
export function runsIn(folder: string): string[] {
  return existsSync(folder)
    ? readdirSync(folder).filter((name) => existsSync(join(folder, name, 'run.json')))
    : [];
}

/** The CSVs of a sweep without their time columns. */
export function resultsOf(folder: string): Record<string, string> {
  return Object.fromEntries(
    runsIn(folder).flatMap((run) =>
      ['metrics.csv', 'steps.csv'].map((file) => {
        const lines = readFileSync(join(folder, run, file), 'utf8')
          .split('\n')
          .map((line) => line.split(','));
        const kept = lines[0]!.flatMap((name, at) => (timeColumns.includes(name) ? [] : [at]));
        return [`${run}/${file}`, lines.map((cells) => kept.map((at) => cells[at]).join(',')).join('\n')];
      }),
    ),
  );
}

export async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += 10) {
    assert.ok(waited < 20_000, 'waited too long');
    await sleep(10);
  }
}
