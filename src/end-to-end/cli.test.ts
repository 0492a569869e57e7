/** @file The commands of the program, run as processes. */

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeTinyDataset } from '../data/idx.testing.js';
import { unavailable } from '../engines/oracle.testing.js';
import { packageRoot } from '../package.js';
import type { Summary } from '../runs/record.js';
import {
  assertRefused,
  bin,
  csvs,
  environment,
  freshFolder,
  killAt,
  onlyRun,
  scratch,
  train,
  training,
  wnlstm,
} from './cli.testing.js';
import { assertSameText } from './same-text.testing.js';

const native = await unavailable('native');

test('train learns and writes every file of a run', () => {
  const runs = freshFolder();
  const { code, out, err } = train(runs, '--epochs', '8', '--column-norm', '1', '--json');
  assert.equal(code, 0, err);
  const summary = JSON.parse(out) as Summary;
  assert.equal(out.trim().split('\n').length, 1);
  assert.ok((summary.val_accuracy ?? 0) > 0.6, `val_accuracy ${summary.val_accuracy}`);
  assert.deepEqual(
    [summary.steps, summary.epochs, summary.status, summary.backend],
    [104, 8, 'completed', 'wasm'],
  );
  const run = onlyRun(runs);
  assert.deepEqual(readdirSync(run).sort(), [
    'checkpoints',
    'config.json',
    'metrics.csv',
    'run.json',
    'steps.csv',
    'summary.json',
  ]);
  const { dir, ...stored } = summary;
  assert.equal(dir, run);
  assert.deepEqual(JSON.parse(readFileSync(join(run, 'summary.json'), 'utf8')), stored);
  assert.equal(readFileSync(join(run, 'metrics.csv'), 'utf8').trim().split('\n').length, 9);
  assert.ok(readdirSync(join(run, 'checkpoints')).includes('step-000104'));
});

test('the same command again shows the result and trains nothing, and --force trains the same run again', () => {
  const runs = freshFolder();
  train(runs, '--epochs', '1');
  const run = onlyRun(runs);
  const before = readFileSync(join(run, 'metrics.csv'), 'utf8');
  const shown = train(runs, '--epochs', '1');
  assert.equal(shown.code, 0);
  assert.match(shown.out, /already completed/);
  assertSameText(readFileSync(join(run, 'metrics.csv'), 'utf8'), before, 'metrics.csv');
  const first = csvs(run);
  assert.equal(train(runs, '--epochs', '1', '--force').code, 0);
  assertSameText(csvs(run), first, 'the CSVs');
  assert.notEqual(readFileSync(join(run, 'metrics.csv'), 'utf8'), before);
});

for (const [backend, skip] of [
  ['wasm', false],
  ['native', native],
] as const) {
  test(`${backend}: after kill -9 the same command ends with the bytes of an uninterrupted run`, {
    skip,
  }, async () => {
    const long = ['--backend', backend, '--epochs', '60', '--clip', '0.3', '--quiet'];
    const [whole, killed] = [freshFolder(), freshFolder()];
    assert.equal(wnlstm(...training(whole, ...long)).code, 0);
    for (const rows of [20, 90]) {
      const child = spawn(process.execPath, [bin, ...training(killed, ...long)], { stdio: 'ignore' });
      await killAt(child, killed, rows, 'SIGKILL');
    }
    assert.match(wnlstm('ls', '--runs', killed).out, / stale /);
    const { code, err } = wnlstm(...training(killed, ...long));
    assert.equal(code, 0, err);
    assertSameText(csvs(onlyRun(killed)), csvs(onlyRun(whole)), 'the CSVs');
  });
}

test('resume finishes a run that was stopped by a signal', async () => {
  const runs = freshFolder();
  const child = spawn(process.execPath, [bin, ...training(runs, '--backend', 'wasm', '--epochs', '150')], {
    stdio: 'ignore',
  });
  assert.equal(await killAt(child, runs, 10, 'SIGINT'), 130);
  assert.ok(!existsSync(join(onlyRun(runs), 'lock')));
  const { code, err } = wnlstm('resume', '--runs', runs);
  assert.equal(code, 0, err);
  assert.match(err, /Resuming from the checkpoint at step \d+/);
});

test('a run that diverges keeps its last row, exits with code 4, and is not trained again', () => {
  const runs = freshFolder();
  const wild = ['--optimizer', 'sgd', '--lr', '1e38', '--model', 'base'];
  const { code, err } = train(runs, ...wild);
  assert.equal(code, 4, err);
  assert.match(err, /became infinite or NaN at step \d+/);
  assert.match(readFileSync(join(onlyRun(runs), 'steps.csv'), 'utf8'), /NaN|Infinity/);
  const again = train(runs, ...wild, '--json');
  assert.equal(again.code, 4);
  assert.equal((JSON.parse(again.out) as Summary).status, 'diverged');
});

test('a run at chance level and data sorted by class are reported', () => {
  const runs = freshFolder();
  const { code, out, err } = train(runs, '--lr', '1e6', '--epochs', '1');
  assert.equal(code, 0);
  assert.match(out, /completed, at chance level/);
  assert.match(err, /validation accuracy, \d+\.\d\d %, is at chance level/);
  const sorted = writeTinyDataset(join(scratch, 'sorted'), { size: 8, train: 240, test: 60, classes: 4 });
  const labels = join(sorted, 'train-labels-idx1-ubyte');
  const bytes = readFileSync(labels);
  writeFileSync(labels, Buffer.concat([bytes.subarray(0, 8), bytes.subarray(8).sort()]));
  assert.match(
    train(runs, '--data', sorted, '--epochs', '1').err,
    /note The validation set has no example of classes 1, 2, 3\..*sorted by class/,
  );
});

test('ls lists runs and show prints one', () => {
  const runs = freshFolder();
  train(runs, '--epochs', '1');
  const id = onlyRun(runs).split('/').at(-1) ?? '';
  assert.match(
    wnlstm('ls', '--runs', runs).out,
    new RegExp(`^run +status[^\\n]*\\n${id} +completed +13/13 `),
  );
  assert.match(wnlstm('show', id.slice(0, 6), '--runs', runs).out, /epoch +step +loss/);
  assert.equal(
    (JSON.parse(wnlstm('show', '--runs', runs, '--json').out) as { epochs: unknown[] }).epochs.length,
    1,
  );
  assertRefused(wnlstm('show', 'nothing', '--runs', runs), /Expected one run with the name nothing/);
});

test('resume keeps the folder of the run, also if it was renamed', () => {
  const runs = freshFolder();
  train(runs, '--epochs', '1');
  const renamed = join(runs, 'renamed');
  renameSync(onlyRun(runs), renamed);
  const record = readFileSync(join(renamed, 'run.json'), 'utf8');
  writeFileSync(join(renamed, 'run.json'), record.replace('"completed"', '"interrupted"'));
  assert.equal(wnlstm('resume', renamed).code, 0);
  assert.deepEqual(readdirSync(runs), ['renamed']);
});

test('a flag can unset a value of the config', () => {
  const clip = join(packageRoot, 'configs/wn-clip.json');
  assert.match(wnlstm('train', '--config', clip, '--clip', 'none', '--print-config').out, /clip +null +flag/);
});

test('a bundled config is found by its name', () => {
  assert.match(wnlstm('train', '--config', 'wn-clip', '--print-config').out, /clip +0\.5 +file/);
  assertRefused(wnlstm('train', '--config', 'wn-clp'), /no config called wn-clp \(nearest: wn-clip\)/);
});

test('--print-config prints the source of every value and trains nothing', () => {
  const runs = freshFolder();
  const file = join(scratch, 'some.json');
  writeFileSync(file, '{"$schema":"./schema.json","units":7}');
  const { code, out } = train(runs, '--config', file, '--print-config');
  assert.equal(code, 0);
  assert.match(out, /units +11 +flag\n/);
  assert.match(out, /epochs +5 +default\n/);
  assert.ok(!existsSync(runs));
});

test('every command has help', () => {
  assert.match(wnlstm('--help').out, /Commands:\n +train/);
  for (const command of ['train', 'resume', 'ls', 'show', 'data', 'doctor', 'config']) {
    const { code, out } = wnlstm(command, '--help');
    assert.equal(code, 0);
    assert.match(out, new RegExp(`^Usage: wnlstm ${command}`));
  }
});

test('~ is the home folder in the names of runs, folders of runs and sweep files', () => {
  const runs = freshFolder();
  train(runs, '--epochs', '1', '--quiet');
  writeFileSync(join(runs, 'sweep.json'), '{"name":"s","arms":{"wn":{}},"seeds":1}');
  const inHome = (...args: string[]): string => {
    const { status, stderr } = spawnSync(process.execPath, [bin, ...args], {
      encoding: 'utf8',
      env: { ...environment, HOME: runs, USERPROFILE: runs },
    });
    assert.equal(status, 0, stderr);
    return stderr;
  };
  const run = `~/${readdirSync(runs).find((name) => name.startsWith('wn'))}`;
  for (const command of ['show', 'verify', 'resume']) inHome(command, run);
  for (const command of ['verify', 'compare']) inHome(command, '~', run);
  inHome('plot', run, '--format', 'text');
  inHome('reproduce', run, '--quiet');
  inHome('sweep', '~/sweep.json', '--dry-run', '--backend', 'wasm');
});

test('a limit of open files that is too low for the program is reported', {
  skip: process.platform === 'win32' ? 'needs ulimit' : false,
}, () => {
  for (const files of [24, 32, 40]) {
    const words = `ulimit -n ${files}; exec "${process.execPath}" "${bin}" ls --runs nowhere`;
    const { status, stderr } = spawnSync('sh', ['-c', words], { encoding: 'utf8', env: environment });
    assert.doesNotMatch(stderr, /\n\s+at /, `${files}: ${stderr}`);
    if (status !== 0)
      assert.match(stderr, /^error Could not .*\nhint .*ulimit -n`\.\n$/, `${files}: ${stderr}`);
  }
});
