/** @file Laws of a GPU, as users see them, on the emulated one: the bytes of the CPU, and no run is lost with the GPU. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildEmulation, skipEmulation as skip } from '../engines/cuda/emulation/build.testing.js';
import { bin, csvs, data, environment, freshFolder, onlyRun, type Result, scratch } from './cli.testing.js';

const library = skip ? '' : await buildEmulation({ checked: false });
const children: ChildProcess[] = [];
after(() => children.forEach((child) => void child.kill('SIGKILL')));

/** Runs the program on a machine with the emulated GPU; `emulated` are variables such as EMULATED_FAIL. */
function withGpu(args: readonly string[], emulated: NodeJS.ProcessEnv = {}): Result {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], {
    encoding: 'utf8',
    env: gpuEnvironment(emulated),
  });
  return { code: status, out: stdout, err: stderr };
}

function gpuEnvironment(emulated: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return { ...environment, WNLSTM_LIBCUDA: library, ...emulated };
}

/** 13 steps per epoch. */
function training(runs: string, backend: string, ...more: string[]): string[] {
  return [
    ...['train', '--data', data, '--runs', runs, '--backend', backend, '--units', '11', '--batch', '16'],
    ...['--lr', '0.02', '--clip', '0.5', '--log-every', '3', ...more],
  ];
}

/** What a run has computed. */
function resultOf(run: string): { csvs: string; weights: string } {
  const { weights_sha256 } = JSON.parse(readFileSync(join(run, 'summary.json'), 'utf8'));
  return { csvs: csvs(run), weights: weights_sha256 };
}

function trained(backend: string, ...more: string[]): { csvs: string; weights: string } {
  const runs = freshFolder();
  const { code, err } = withGpu(training(runs, backend, ...more));
  assert.equal(code, 0, err);
  return resultOf(onlyRun(runs));
}

test('a run on the GPU has the bytes of one on the CPU', { skip }, () => {
  for (const more of [
    ['--epochs', '2'],
    ['--model', 'base', '--clip', 'none', '--optimizer', 'sgd'],
  ])
    assert.deepEqual(trained('cuda', ...more), trained('wasm', ...more));
});

test('a run that is killed on the GPU continues on the CPU, and the other way round', { skip }, async () => {
  const epochs = ['--epochs', '60'];
  const expected = trained('wasm', ...epochs);
  for (const [first, second] of [
    ['cuda', 'wasm'],
    ['wasm', 'cuda'],
  ] as const) {
    const runs = freshFolder();
    const child = spawn(process.execPath, [bin, ...training(runs, first, ...epochs)], {
      env: gpuEnvironment(),
      stdio: 'ignore',
    });
    children.push(child);
    const ended = new Promise((resolve) => child.on('exit', (_code, signal) => resolve(signal)));
    const checkpoints = (): boolean =>
      existsSync(runs) &&
      readdirSync(runs).some((run) => {
        const folder = join(runs, run, 'checkpoints');
        return existsSync(folder) && readdirSync(folder).some((name) => /^step-\d+$/.test(name));
      });
    while (child.exitCode === null && !checkpoints()) await sleep(2);
    child.kill('SIGKILL');
    assert.equal(await ended, 'SIGKILL');
    const { code, err } = withGpu(training(runs, second, ...epochs));
    assert.equal(code, 0, err);
    assert.match(err, /Resuming from the checkpoint/);
    assert.deepEqual(resultOf(onlyRun(runs)), expected);
  }
});

test('if the GPU fails in the middle, the run keeps its checkpoint and the same command resumes it', {
  skip,
}, () => {
  const runs = freshFolder();
  const command = training(runs, 'cuda', '--epochs', '3');
  const { code, err } = withGpu(command, { EMULATED_FAIL: 'cuGraphLaunch:12:719' });
  assert.equal(code, 1);
  assert.match(err, /^error The GPU failed or is not available \(cuGraphLaunch reports/m);
  assert.match(err, /^hint {2}A run keeps its last checkpoint: run the same command again/m);
  const again = withGpu(command);
  assert.equal(again.code, 0, again.err);
  assert.deepEqual(resultOf(onlyRun(runs)), trained('wasm', '--epochs', '3'));
});

test('a GPU with wrong results is refused if it is named, and left out with a note if not', { skip }, () => {
  const wrong = { EMULATED_SKIP_KERNEL: 'gradient_sums' };
  const named = withGpu(training(freshFolder(), 'cuda'), wrong);
  assert.equal(named.code, 2);
  assert.match(named.err, /results of Emulated GPU 0 differ from the recorded ones/);
  const automatic = withGpu(training(freshFolder(), 'auto'), wrong);
  assert.equal(automatic.code, 0, automatic.err);
  assert.match(automatic.err, /not cuda: the results of Emulated GPU 0 differ/i);
});

test('without a named backend, GPU and CPU are timed, and the faster one trains', { skip }, () => {
  const { code, err } = withGpu(training(freshFolder(), 'auto'));
  assert.equal(code, 0, err);
  assert.match(err, /auto: a step takes [\d.]+ ms on the GPU and [\d.]+ ms on the CPU/);
});

test('a sweep uses every GPU that the driver shows', { skip }, () => {
  const file = join(scratch, 'all.json');
  const base = { data, units: 7, batch: 16, epochs: 2 };
  writeFileSync(file, JSON.stringify({ name: 'all', base, seeds: 6 }));
  const command = ['sweep', file, '--runs', freshFolder(), '--jobs', '0'];
  const { code, err } = withGpu(command, { EMULATED_DEVICES: '2' });
  assert.equal(code, 0, err);
  assert.match(err, /^3 runs at a time on each of 2 GPUs$/m);
});

test('a sweep on cores and lanes of the GPU has one set of bytes, also if the GPU fails in the middle', {
  skip,
}, () => {
  const file = join(scratch, 'both.json');
  const base = { data, units: 7, batch: 16, lr: 0.02, epochs: 2, logEvery: 2 };
  const arms = { base: { model: 'base' }, wn: { model: 'wn' } };
  writeFileSync(file, JSON.stringify({ name: 'both', base, arms, seeds: 3 }));
  const sweep = (runs: string, ...more: string[]): string[] => ['sweep', file, '--runs', runs, ...more];
  const folders = (runs: string): string[] =>
    readdirSync(join(runs, 'both'))
      .map((name) => join(runs, 'both', name))
      .filter((folder) => existsSync(join(folder, 'run.json')));
  const results = (runs: string): Record<string, unknown> =>
    Object.fromEntries(folders(runs).map((folder) => [basename(folder), resultOf(folder)]));
  const devices = (runs: string): string[] =>
    folders(runs).map((folder) => JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')).device);
  const cpu = freshFolder();
  assert.equal(withGpu(sweep(cpu, '--gpu-lanes', '0', '--jobs', '2')).code, 0);

  const both = freshFolder();
  const { code, err } = withGpu(sweep(both, '--gpu-lanes', '2', '--jobs', '1'));
  assert.equal(code, 0, err);
  assert.match(err, /2 runs at a time on the GPU; 1 job at a time/);
  assert.deepEqual([...new Set(devices(both))].sort(), ['cpu', 'cuda']);
  assert.deepEqual(results(both), results(cpu));

  const broken = freshFolder();
  const lost = withGpu(sweep(broken, '--gpu-lanes', '2', '--jobs', '0'), {
    EMULATED_FAIL: 'cuGraphLaunch:30:719',
  });
  assert.equal(lost.code, 1, lost.err);
  assert.match(lost.err, /The GPU failed or is not available/);
  const again = withGpu(sweep(broken, '--gpu-lanes', '2', '--jobs', '1'));
  assert.equal(again.code, 0, again.err);
  assert.deepEqual(results(broken), results(cpu));

  const continued = freshFolder();
  const saved = withGpu(sweep(continued, '--gpu-lanes', '2', '--jobs', '1'), {
    EMULATED_FAIL: 'cuGraphLaunch:30:719',
  });
  assert.equal(saved.code, 0, saved.err);
  assert.match(
    saved.err,
    /^note Runs of the GPU continue on the CPU, with the same results: The GPU failed/m,
  );
  assert.deepEqual(results(continued), results(cpu));
});
