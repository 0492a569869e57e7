/** @file Errors of the program: wrong input, a full disk, a run that is in use. */

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  assertRefused,
  bin,
  csvs,
  freshFolder,
  killAt,
  onlyRun,
  scratch,
  train,
  training,
  wnlstm,
} from './cli.testing.js';
import { assertSameText } from './same-text.testing.js';

test('ls lists the other runs if one is damaged', () => {
  const runs = freshFolder();
  train(runs, '--epochs', '1');
  const run = onlyRun(runs);
  mkdirSync(join(runs, 'other'));
  writeFileSync(join(runs, 'other/run.json'), '{');
  const { code, out, err } = wnlstm('ls', '--runs', runs);
  assert.equal(code, 0);
  assert.match(out, new RegExp(`${run.split('/').at(-1)} +completed`));
  assert.match(err, /damaged .*other\/run.json: it is not JSON/);
});

test('wrong input prints one line and a hint, exits with code 2 and starts nothing', () => {
  const runs = freshFolder();
  const write = (name: string, text: string): string => {
    writeFileSync(join(scratch, name), text);
    return join(scratch, name);
  };
  assertRefused(train(runs, '--units', '0'), /--units: expected a whole number from 1 to 4096, got 0/);
  assertRefused(
    wnlstm('sweep', 'article', '--gpu-lanes', '-1'),
    /Expected a whole number from 0 to 1,000,000/,
  );
  assertRefused(train(runs, '--lr', 'NaN'), /--lr: expected a number of at least 1e-37, got "NaN"/);
  assertRefused(train(runs, '--units', '0', '--model', 'x'), /--model.*--units|--units.*--model/s);
  assertRefused(train(runs, '--clp', '1'), /unknown option '--clp'.*(Did you mean --clip|$)/s);
  assertRefused(
    train(runs, '--batch', '221'),
    /expected at most 220, the number of training examples, got 221/,
  );
  assertRefused(train(runs, '--config', join(scratch, 'none.json')), /Could not read the config/);
  assertRefused(train(runs, '--config', write('bad.json', '{"units":')), /is not JSON/);
  assertRefused(
    train(runs, '--config', write('key.json', '{"unit":5}')),
    /unknown key unit \(nearest: units\)/,
  );
  assertRefused(
    train(runs, '--config', write('type.json', '{"units":"many"}')),
    /units: expected a whole number from 1 to 4096, got "many"/,
  );
  assertRefused(train(runs, '--data', join(scratch, 'nowhere')), /no such folder/);
  assertRefused(
    train(runs, '--device', 'cuda'),
    /The wasm backend computes on the CPU, but the device is cuda/,
  );
  assertRefused(
    train(runs, '--clip', 'nil'),
    /--clip: expected a number from 1e-37 to 1e\+38 or none, got "nil"/,
  );
  assertRefused(wnlstm('trian'), /unknown command 'trian'/);
  assert.ok(!existsSync(runs));
  assertRefused(train(write('file', ''), '--epochs', '1'), /a file with that name exists/);
});

test('a truncated checkpoint is refused, and no file changes', () => {
  const runs = freshFolder();
  train(runs, '--epochs', '1');
  const run = onlyRun(runs);
  const record = readFileSync(join(run, 'run.json'), 'utf8');
  writeFileSync(join(run, 'run.json'), record.replace('"completed"', '"interrupted"'));
  const file = join(run, 'checkpoints/step-000013/model.safetensors');
  truncateSync(file, 1000);
  const before = csvs(run);
  assertRefused(
    train(runs, '--epochs', '1'),
    /model\.safetensors: expected the SHA-256 \w{16}… in progress\.json, got \w{16}…/,
  );
  assertSameText(csvs(run), before, 'the CSVs');
  assert.equal(readFileSync(file).length, 1000);
});

test('a file at its size limit fails the run with one line and exit code 1, and the run can be resumed', {
  skip: process.platform === 'win32' ? 'needs ulimit' : false,
}, () => {
  const runs = freshFolder();
  const words = [process.execPath, bin, ...training(runs, '--backend', 'wasm', '--epochs', '9', '--quiet')];
  const limited = spawnSync('sh', ['-c', 'ulimit -f 1; exec "$@"', 'sh', ...words], { encoding: 'utf8' });
  assert.match(limited.stderr, /error Could not write .*: the file would exceed the size limit\.\nhint/);
  assert.equal(limited.status, 1, limited.stderr);
  assert.equal(wnlstm(...words.slice(2)).code, 0);
});

test('a second process on a running run changes nothing and names the owner', async () => {
  const runs = freshFolder();
  const child = spawn(process.execPath, [bin, ...training(runs, '--backend', 'wasm', '--epochs', '4000')], {
    stdio: 'ignore',
  });
  const ended = killAt(child, runs, 1_000_000, 'SIGTERM');
  while (!existsSync(runs) || !readdirSync(runs)[0] || !existsSync(join(onlyRun(runs), 'steps.csv'))) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assertRefused(train(runs, '--epochs', '4000'), new RegExp(`is in use by process ${child.pid}`));
  child.kill('SIGKILL');
  await ended;
});

test('an empty command of --notify is refused before training', () => {
  const runs = freshFolder();
  for (const command of ['', ' '])
    assertRefused(train(runs, '--steps', '1', '--notify', command), /--notify .*must not be empty/);
  assert.ok(!existsSync(runs));
});
