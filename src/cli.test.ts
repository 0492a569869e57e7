/** @file The program as a user meets it: real processes, real folders, a small data set. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { writeTinyDataset } from './data/idx.testing.js';
import { unavailable } from './engines/oracle.testing.js';
import { packageRoot } from './package.js';
import { timeColumns } from './runs/metrics.js';
import type { Summary } from './runs/record.js';
import { assertSameText } from './same-text.testing.js';

const bin = join(packageRoot, 'bin/wnlstm.js');
const scratch = mkdtempSync(join(tmpdir(), 'wnlstm-'));
const data = writeTinyDataset(join(scratch, 'data'), { size: 8, train: 240, test: 60, classes: 4 });
const native = await unavailable('native');
after(() => rmSync(scratch, { recursive: true }));

let folders = 0;
const freshFolder = (): string => join(scratch, `runs-${folders++}`);

interface Result {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

const environment = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '' };

const wnlstm = (...args: string[]): Result => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], {
    encoding: 'utf8',
    env: environment,
  });
  return { code: status, out: stdout, err: stderr };
};

/** A training command on the small data: 11 units, batch 16, so 13 steps an epoch. */
const training = (runs: string, ...more: string[]): string[] => [
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

const train = (runs: string, ...more: string[]): Result =>
  wnlstm(...training(runs, '--backend', 'wasm', ...more));

const onlyRun = (runs: string): string => {
  const found = readdirSync(runs);
  assert.equal(found.length, 1, found.join(' '));
  return join(runs, found[0]);
};

/** Both CSVs without their time columns, one after the other. */
const csvs = (run: string): string => {
  const texts = ['metrics.csv', 'steps.csv'].map((file) => {
    const lines = readFileSync(join(run, file), 'utf8')
      .split('\n')
      .map((line) => line.split(','));
    const kept = lines[0].flatMap((name, column) => (timeColumns.includes(name) ? [] : [column]));
    return lines.map((cells) => kept.map((column) => cells[column]).join(',')).join('\n');
  });
  return texts.join('\n');
};

const assertRefused = ({ code, out, err }: Result, expected: RegExp, exit = 2): void => {
  assert.match(err, expected);
  assert.equal(code, exit, err);
  assert.equal(out, '');
  assert.doesNotMatch(err, /\n\s+at /, 'no stack');
  assert.ok(err.trim().split('\n').length <= 2, `an error is a line and a hint, got ${err}`);
};

test('train learns, and writes every file of a run', () => {
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

test('the same command again shows the result and trains nothing; --force trains the same again', () => {
  const runs = freshFolder();
  train(runs, '--epochs', '1');
  const run = onlyRun(runs);
  const before = readFileSync(join(run, 'metrics.csv'), 'utf8');
  const shown = train(runs, '--epochs', '1');
  assert.equal(shown.code, 0);
  assert.match(shown.out, /completed before/);
  assertSameText(readFileSync(join(run, 'metrics.csv'), 'utf8'), before, 'metrics.csv');
  const first = csvs(run);
  assert.equal(train(runs, '--epochs', '1', '--force').code, 0);
  assertSameText(csvs(run), first, 'the CSVs');
  assert.notEqual(readFileSync(join(run, 'metrics.csv'), 'utf8'), before);
});

/** Kills a run once `steps.csv` has grown past some rows. */
const killAt = (
  child: ChildProcess,
  runs: string,
  rows: number,
  signal: NodeJS.Signals,
): Promise<number | null> =>
  new Promise((resolve) => {
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

for (const [backend, skip] of [
  ['wasm', false],
  ['native', native],
] as const) {
  test(`${backend}: after kill -9 the same command ends with the bytes of a run that was left alone`, {
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

test('resume finishes a run that a signal stopped', async () => {
  const runs = freshFolder();
  const child = spawn(process.execPath, [bin, ...training(runs, '--backend', 'wasm', '--epochs', '150')], {
    stdio: 'ignore',
  });
  assert.equal(await killAt(child, runs, 10, 'SIGINT'), 130);
  assert.ok(!existsSync(join(onlyRun(runs), 'lock')));
  const { code, err } = wnlstm('resume', '--runs', runs);
  assert.equal(code, 0, err);
  assert.match(err, /Going on from the checkpoint at step \d+/);
});

test('a run that diverges keeps its last row, exits 4, and is not tried again', () => {
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

test('a run that has learnt nothing says so, and so do data that are sorted by class', () => {
  const runs = freshFolder();
  const { code, out, err } = train(runs, '--lr', '1e6', '--epochs', '1');
  assert.equal(code, 0);
  assert.match(out, /completed, at chance/);
  assert.match(err, /validation accuracy, \d+\.\d\d %, is no better than guessing/);
  const sorted = writeTinyDataset(join(scratch, 'sorted'), { size: 8, train: 240, test: 60, classes: 4 });
  const labels = join(sorted, 'train-labels-idx1-ubyte');
  const bytes = readFileSync(labels);
  writeFileSync(labels, Buffer.concat([bytes.subarray(0, 8), bytes.subarray(8).sort()]));
  assert.match(
    train(runs, '--data', sorted, '--epochs', '1').err,
    /note The validation set has no example of classes 1, 2, 3\..*sorted by class/,
  );
});

test('ls and show tell what is there', () => {
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
  assertRefused(wnlstm('show', 'nothing', '--runs', runs), /Expected one run called nothing/);
});

test('resume stays in the folder that it is given, whatever that is called', () => {
  const runs = freshFolder();
  train(runs, '--epochs', '1');
  const renamed = join(runs, 'renamed');
  renameSync(onlyRun(runs), renamed);
  const record = readFileSync(join(renamed, 'run.json'), 'utf8');
  writeFileSync(join(renamed, 'run.json'), record.replace('"completed"', '"interrupted"'));
  assert.equal(wnlstm('resume', renamed).code, 0);
  assert.deepEqual(readdirSync(runs), ['renamed']);
});

test('a damaged run does not hide the others', () => {
  const runs = freshFolder();
  train(runs, '--epochs', '1');
  const run = onlyRun(runs);
  mkdirSync(join(runs, 'other'));
  writeFileSync(join(runs, 'other/run.json'), '{');
  const { code, out, err } = wnlstm('ls', '--runs', runs);
  assert.equal(code, 0);
  assert.match(out, new RegExp(`${run.split('/').at(-1)} +completed`));
  assert.match(err, /damaged .*other\/run.json: expected JSON/);
});

test('a flag can unset what a config sets', () => {
  const clip = join(packageRoot, 'configs/wn-clip.json');
  assert.match(wnlstm('train', '--config', clip, '--clip', 'none', '--print-config').out, /clip +null +flag/);
});

test('--print-config shows where every value comes from and trains nothing', () => {
  const runs = freshFolder();
  const file = join(scratch, 'some.json');
  writeFileSync(file, '{"$schema":"./schema.json","units":7}');
  const { code, out } = train(runs, '--config', file, '--print-config');
  assert.equal(code, 0);
  assert.match(out, /units +11 +flag\n/);
  assert.match(out, /epochs +5 +default\n/);
  assert.ok(!existsSync(runs));
});

test('help comes without loading a backend, and every command has it', () => {
  assert.match(wnlstm('--help').out, /Commands:\n +train/);
  for (const command of ['train', 'resume', 'ls', 'show', 'data', 'doctor', 'config']) {
    const { code, out } = wnlstm(command, '--help');
    assert.equal(code, 0);
    assert.match(out, new RegExp(`^Usage: wnlstm ${command}`));
  }
});

test('bad input is a line and a hint, exits 2 and starts nothing', () => {
  const runs = freshFolder();
  const write = (name: string, text: string): string => {
    writeFileSync(join(scratch, name), text);
    return join(scratch, name);
  };
  assertRefused(train(runs, '--units', '0'), /--units: expected a whole number from 1 to 4096, got 0/);
  assertRefused(train(runs, '--lr', 'NaN'), /--lr: expected a number from 1e-37, got "NaN"/);
  assertRefused(train(runs, '--units', '0', '--model', 'x'), /--model.*--units|--units.*--model/s);
  assertRefused(train(runs, '--clp', '1'), /unknown option '--clp'.*(Did you mean --clip|$)/s);
  assertRefused(train(runs, '--batch', '221'), /expected at most the 220 training examples, got 221/);
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
  assertRefused(train(runs, '--device', 'cuda'), /Expected --device cpu for the wasm backend, got cuda/);
  assertRefused(
    train(runs, '--clip', 'nil'),
    /--clip: expected a number from 1e-37 to 1e\+38 or none, got "nil"/,
  );
  assertRefused(wnlstm('trian'), /unknown command 'trian'/);
  assert.ok(!existsSync(runs));
  assertRefused(train(write('file', ''), '--epochs', '1'), /a file is in the way/);
});

test('a checkpoint that was cut short is refused, and nothing is harmed', () => {
  const runs = freshFolder();
  train(runs, '--epochs', '1');
  const run = onlyRun(runs);
  const record = readFileSync(join(run, 'run.json'), 'utf8');
  writeFileSync(join(run, 'run.json'), record.replace('"completed"', '"interrupted"'));
  const file = join(run, 'checkpoints/step-000013/model.safetensors');
  truncateSync(file, 1000);
  const before = csvs(run);
  assertRefused(train(runs, '--epochs', '1'), /model.safetensors: expected \d+ bytes of data, got \d+/);
  assertSameText(csvs(run), before, 'the CSVs');
  assert.equal(readFileSync(file).length, 1000);
});

test('a disk that is full fails the run with a line and exit code 1', {
  skip: !existsSync('/dev/full'),
}, () => {
  const runs = freshFolder();
  train(runs, '--epochs', '1', '--quiet');
  const run = onlyRun(runs);
  rmSync(run, { recursive: true });
  mkdirSync(run);
  symlinkSync('/dev/full', join(run, 'steps.csv.tmp')); // where steps.csv is written before it gets its name
  const { code, err } = train(runs, '--epochs', '1', '--quiet');
  assert.match(err, /error Could not write .*steps\.csv.*: the disk is full\.\nhint/);
  assert.equal(code, 1, err);
});

test('a second process on a live run changes nothing and names the owner', async () => {
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
