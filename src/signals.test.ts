/** @file Ctrl-C as it comes through npm and npx: twice. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { writeTinyDataset } from './data/idx.testing.js';
import { packageRoot } from './package.js';

const scratch = mkdtempSync(join(tmpdir(), 'wnlstm-signals-'));
after(() => rmSync(scratch, { recursive: true }));
const data = writeTinyDataset(join(scratch, 'data'), { size: 8, train: 240, test: 60, classes: 4 });

/** Starts a long run and waits until it trains. */
const startRun = async (name: string) => {
  const runs = join(scratch, name);
  const options = ['--data', data, '--runs', runs, '--backend', 'wasm', '--units', '9', '--batch', '1'];
  const child = spawn(
    process.execPath,
    [join(packageRoot, 'bin/wnlstm.js'), 'train', ...options, '--epochs', '100000'],
    { stdio: 'ignore' },
  );
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
  const rows = (): string => {
    const path = existsSync(runs) ? join(runs, readdirSync(runs)[0] ?? '', 'steps.csv') : '';
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  };
  for (let waited = 0; rows().split('\n').length < 4; waited += 10) {
    assert.ok(waited < 20_000, 'it does not train');
    await sleep(10);
  }
  const status = (): string =>
    JSON.parse(readFileSync(join(runs, readdirSync(runs)[0], 'run.json'), 'utf8')).status;
  return { child, ended, status };
};

test('a signal and its echoes are one: the run ends with its checkpoint', async () => {
  const { child, ended, status } = await startRun('echoed');
  for (let echo = 0; echo < 5000 && child.exitCode === null && status() === 'running'; echo++) {
    child.kill('SIGINT');
    await turn();
  }
  assert.equal(await ended, 130);
  assert.equal(status(), 'interrupted');
});
