/** @file `wnlstm reproduce` and `wnlstm verify`: output and exit codes. */

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { writeTinyDataset } from '../data/idx.testing.js';
import { packageRoot } from '../package.js';

const scratch = mkdtempSync(join(tmpdir(), 'wnlstm-reproduce-test-'));
after(() => rmSync(scratch, { recursive: true }));
const data = writeTinyDataset(join(scratch, 'data'), { size: 8, train: 60, test: 20, classes: 4 });
const runs = join(scratch, 'runs');
const temporary = join(scratch, 'tmp');
writeTinyDataset(temporary, { size: 8, train: 60, test: 20, classes: 4 }); // so that the temporary folder exists

const environment = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '', TMPDIR: temporary };

function wnlstm(...words: string[]) {
  return spawnSync(process.execPath, [join(packageRoot, 'bin/wnlstm.js'), ...words, '--runs', runs], {
    encoding: 'utf8',
    env: environment,
  });
}

const flags = ['--data', data, '--units', '4', '--batch', '10', '--log-every', '3', '--backend', 'wasm'];
assert.equal(wnlstm('train', ...flags, '--epochs', '2', '--threads', '2', '--quiet').status, 0);
const [id] = readdirSync(runs);
/** A run that takes long enough to be stopped. */
const { dir: longer } = JSON.parse(
  wnlstm('train', ...flags, '--epochs', '60', '--model', 'base', '--quiet', '--json').stdout,
) as { dir: string };

test('a run that is reproduced exactly exits with code 0 and leaves no files behind', () => {
  const before = readdirSync(temporary);
  const { status, stdout, stderr } = wnlstm('reproduce', id!.slice(0, 5), '--threads', '1', '--quiet');
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^same wn-s0-.*\n {2}steps\.csv: 4 rows of 8 columns\n {2}metrics\.csv: 2 rows of 10/);
  assert.match(stdout, /weights: [0-9a-f]{64}/);
  assert.match(stdout, /threads: recorded 2, now 1/);
  assert.deepEqual(readdirSync(temporary), before);
  const { problems } = JSON.parse(wnlstm('verify', id!, '--json').stdout).findings[0];
  assert.deepEqual(problems, []);
});

test('a run whose record was changed exits with code 3 and reports the first step and column', () => {
  const path = join(runs, id!, 'steps.csv');
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace(/\n6,(\d),[^,]*/, '\n6,$1,0.125'));
  const reproduced = wnlstm('reproduce', id!, '--quiet');
  assert.equal(reproduced.status, 3, reproduced.stderr);
  assert.match(
    reproduced.stdout,
    /^different .*\n {2}steps\.csv, step 6, loss: recorded 0\.125, now [\d.]+\n/,
  );
  const { same, differences } = JSON.parse(wnlstm('reproduce', id!, '--quiet', '--json').stdout);
  assert.deepEqual([same, differences.length], [false, 1]);
  const verified = wnlstm('verify', runs);
  assert.equal(verified.status, 3, verified.stderr);
  assert.match(verified.stdout, /^damaged .*wn-s0-.*\n {2}steps\.csv: The sum of loss/m);
  writeFileSync(path, text);
});

test('a run that cannot be reproduced or found exits with code 2 and trains nothing', () => {
  const record = join(runs, id!, 'run.json');
  const text = readFileSync(record, 'utf8');
  for (const [from, to, message] of [
    ['"completed"', '"interrupted"', /Expected a run with a result/],
    [/"arithmetic": "[^"]*"/, '"arithmetic": "other-1"', /computed with the arithmetic other-1/],
    [/("train-images-idx3-ubyte": ")./, '$1x', /is not the file that the run was trained with/],
  ] as const) {
    writeFileSync(record, text.replace(from, to));
    const { status, stderr } = wnlstm('reproduce', id!);
    assert.equal(status, 2, stderr);
    assert.match(stderr, message);
  }
  writeFileSync(record, text);
  assert.equal(wnlstm('verify', 'nothing').status, 2);
  assert.equal(wnlstm('reproduce', 'nothing').status, 2);
  assert.ok(existsSync(join(runs, id!, 'steps.csv')));
});

test('a run inside a sweep is reproduced and verified as well', () => {
  const file = join(scratch, 'tiny.json');
  const base = { data, units: 4, batch: 10, epochs: 1, backend: 'wasm' };
  writeFileSync(
    file,
    JSON.stringify({ name: 'tiny', base, arms: { wn: {}, base: { model: 'base' } }, seeds: 1 }),
  );
  assert.equal(wnlstm('sweep', file, '--quiet').status, 0);
  const { status, stdout, stderr } = wnlstm('reproduce', 'tiny/base', '--quiet');
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^same base-s0-/);
  const verified = wnlstm('verify', 'tiny', id!);
  assert.equal(verified.status, 0, verified.stderr);
  assert.match(
    verified.stdout,
    /^(ok {6}\S+ completed, \d+ steps, weights [0-9a-f]{8}\n){3}3 runs, 0 damaged\n$/,
  );
});

test('a run without run.json is found by the start of its name, and is damaged: exit code 3', () => {
  const lost = join(runs, 'lost-s0-00000000');
  cpSync(join(runs, id!), lost, { recursive: true });
  rmSync(join(lost, 'run.json'));
  for (const name of ['lost', lost]) {
    const { status, stdout, stderr } = wnlstm('verify', name);
    assert.equal(status, 3, stderr);
    assert.equal(stdout, `damaged ${lost}\n  run.json: It is missing.\n1 run, 1 damaged\n`);
  }
  rmSync(lost, { recursive: true });
});

test('Ctrl-C ends a repetition with exit code 130 and leaves no files behind', async () => {
  const before = readdirSync(temporary);
  const child = spawn(process.execPath, [join(packageRoot, 'bin/wnlstm.js'), 'reproduce', longer], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (text) => {
    out += text;
  });
  child.stderr.on('data', (text) => {
    if (err === '') child.kill('SIGINT'); // once: a second signal means leave now
    err += text;
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  assert.equal(code, 130, err);
  assert.match(err, /Stopped after step \d+; nothing was compared/);
  assert.equal(out, '');
  assert.deepEqual(readdirSync(temporary), before);
});

test('a reader that closes the pipe does not leave files behind', () => {
  const before = readdirSync(temporary);
  const command = `"${process.execPath}" "${join(packageRoot, 'bin/wnlstm.js')}" reproduce "${longer}" 2>&1 | head -n 1`;
  const { stdout } = spawnSync('sh', ['-c', command], { encoding: 'utf8', env: environment });
  assert.match(stdout, /^wnlstm base, 4 units/);
  assert.deepEqual(readdirSync(temporary), before);
});
