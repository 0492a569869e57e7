/** @file What the program says where it refuses: bad input, damaged runs, a disk that is full. Nothing is lost by it. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
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
import { writeTinyDataset } from './data/idx.testing.js';
import { assertSameText } from './same-text.testing.js';

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

test('a file that cannot grow any more fails the run with a line and exit code 1, and resume finishes it', {
  skip: process.platform === 'win32' ? 'needs ulimit' : false,
}, () => {
  const runs = freshFolder();
  const words = [process.execPath, bin, ...training(runs, '--backend', 'wasm', '--epochs', '9', '--quiet')];
  const limited = spawnSync('sh', ['-c', 'ulimit -f 1; exec "$@"', 'sh', ...words], { encoding: 'utf8' });
  assert.match(limited.stderr, /error Could not write .*: a file would be larger than is allowed\.\nhint/);
  assert.equal(limited.status, 1, limited.stderr);
  assert.equal(wnlstm(...words.slice(2)).code, 0);
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

/** A folder with one whole run of five epochs of 13 steps, and a copy of it called d, stopped after four, to be damaged. */
const pair = (() => {
  const whole = freshFolder();
  train(whole, '--epochs', '5', '--quiet');
  return (damage: (run: string) => void): { runs: string; run: string; other: string } => {
    const runs = freshFolder();
    cpSync(whole, runs, { recursive: true });
    const other = onlyRun(runs);
    const run = join(runs, 'd');
    cpSync(other, run, { recursive: true });
    damage(run);
    return { runs, run, other };
  };
})();

const edit = (path: string, change: (text: string) => string): void =>
  writeFileSync(path, change(readFileSync(path, 'utf8')));

/** The run as if it had been stopped at its fourth epoch. */
const interrupt = (run: string): void => {
  edit(join(run, 'run.json'), (text) => text.replace('"completed"', '"interrupted"'));
  for (const file of ['summary.json', 'checkpoints/step-000065'])
    rmSync(join(run, file), { recursive: true });
};

test('ls, show, resume, compare and plot name the damaged file of a run, and go on with the others', () => {
  for (const [file, contents] of [
    ['run.json', [null, '{"format']],
    ['config.json', ['', 'null']],
  ] as const) {
    for (const content of contents) {
      const { runs, run } = pair((d) =>
        content === null ? rmSync(join(d, file)) : writeFileSync(join(d, file), content),
      );
      const named = new RegExp(`d/${file}`);
      const listed = wnlstm('ls', '--runs', runs);
      assert.match(listed.err, named, `${file} ${content}`);
      assert.match(listed.out, /wn-s0-\w+ +completed/);
      for (const command of ['show', 'resume']) assertRefused(wnlstm(command, 'd', '--runs', runs), named);
      assertRefused(wnlstm('compare', run, '--runs', runs), named);
      const plotted = wnlstm('plot', runs, '--format', 'text');
      assert.equal(plotted.code, 0, plotted.err);
      assert.match(plotted.err, named);
    }
  }
});

test('a summary that is missing or torn is written anew from the last checkpoint', () => {
  for (const damage of [
    (run: string) => rmSync(join(run, 'summary.json')),
    (run: string) => writeFileSync(join(run, 'summary.json'), '{"run_id'),
  ]) {
    const { runs, run, other } = pair(damage);
    assert.match(wnlstm('ls', '--runs', runs).err, /d\/summary\.json.*wnlstm resume/);
    assert.match(wnlstm('show', 'd', '--runs', runs).err, /d\/summary\.json/);
    assert.match(
      wnlstm('compare', run, other).out.replaceAll(/\s+/g, ' '),
      /d has no result: .*d\/summary\.json/,
    );
    assert.equal(wnlstm('resume', run).code, 0);
    const results = (folder: string): unknown => {
      const {
        seconds: _,
        ms_per_step: __,
        ...stable
      } = JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8'));
      return stable;
    };
    assert.deepEqual(results(run), results(other));
  }
});

test('a run goes on from the newest checkpoint that is whole, and ends with the bytes of a run that was left alone', () => {
  const { runs, run, other } = pair((d) => {
    edit(join(d, 'run.json'), (text) => text.replace('"completed"', '"interrupted"'));
    rmSync(join(d, 'summary.json'));
    truncateSync(join(d, 'checkpoints/step-000065/model.safetensors'), 1000);
  });
  const { code, err } = wnlstm('resume', 'd', '--runs', runs);
  assert.equal(code, 0, err);
  assert.match(err, /note .*step-000065\/model\.safetensors.* from the checkpoint before, of step 52\./);
  assertSameText(csvs(run), csvs(other), 'the CSVs');
});

test('a run whose checkpoints are gone is refused and keeps its rows', () => {
  const { runs, run } = pair((d) => {
    interrupt(d);
    rmSync(join(d, 'checkpoints'), { recursive: true });
  });
  const before = csvs(run);
  assertRefused(
    wnlstm('resume', 'd', '--runs', runs),
    /d\/checkpoints is missing or empty, though .* step 65/,
  );
  assert.equal(csvs(run), before);
});

test('a run that goes on without its earlier rows says so; one whose rows cannot be read is refused', () => {
  const { runs } = pair((d) => {
    interrupt(d);
    rmSync(join(d, 'steps.csv'));
    edit(join(d, 'metrics.csv'), (text) => text.split('\n').slice(0, 2).join('\n').concat('\n'));
  });
  const { code, err } = wnlstm('resume', 'd', '--runs', runs);
  assert.equal(code, 0, err);
  assert.match(err, /note steps\.csv has lost 17 of its 17 rows \(from step 3 to 51\)/);
  assert.match(err, /note metrics\.csv has lost 3 of its 4 rows \(from step 26 to 52\)/);
  const torn = pair((d) => {
    interrupt(d);
    edit(join(d, 'steps.csv'), (text) => text.replace(/\n6,[^\n]*/, '\nsix'));
  });
  const rows = readFileSync(join(torn.run, 'steps.csv'), 'utf8');
  assertRefused(
    wnlstm('resume', 'd', '--runs', torn.runs),
    /steps\.csv: expected CSV|steps\.csv: expected a number/,
  );
  assert.equal(readFileSync(join(torn.run, 'steps.csv'), 'utf8'), rows);
});

test('a finished run with fewer rows keeps its result, and plot says where its curves end', () => {
  const { runs, run } = pair((d) =>
    edit(join(d, 'steps.csv'), (text) => text.split('\n').slice(0, 6).join('\n').concat('\n')),
  );
  const { code, err } = wnlstm('plot', run, '--format', 'text', '--runs', runs);
  assert.equal(code, 0, err);
  assert.match(err, /d has a steps\.csv that ends at step 15 of 65: its curves end there/);
});

test('a CSV that went through a spreadsheet is read, and resuming restores its form', () => {
  const { runs, run, other } = pair((d) => {
    interrupt(d);
    for (const file of ['steps.csv', 'metrics.csv']) {
      edit(
        join(d, file),
        (text) =>
          `\uFEFF${text.replaceAll('.', '#').replaceAll(',', ';').replaceAll('#', ',').replaceAll('\n', '\r\n')}`,
      );
    }
  });
  assert.match(wnlstm('show', 'd', '--runs', runs).out, /\n4 +52 +/);
  const { code, err } = wnlstm('resume', 'd', '--runs', runs);
  assert.equal(code, 0, err);
  assertSameText(csvs(run), csvs(other), 'the CSVs');
});

test('a run whose data were moved goes on, and is repeated, with --data', () => {
  const data = writeTinyDataset(join(scratch, 'moving'), { size: 8, train: 240, test: 60, classes: 4 });
  const runs = freshFolder();
  const flags = ['--data', data, '--epochs', '2', '--quiet'];
  assert.equal(train(runs, ...flags).code, 0);
  const run = onlyRun(runs);
  const moved = `${data}-moved`;
  renameSync(data, moved);
  assertRefused(wnlstm('reproduce', run), /moving, got no such folder/);
  assert.equal(wnlstm('reproduce', run, '--data', moved, '--quiet').code, 0);
  edit(join(run, 'run.json'), (text) => text.replace('"completed"', '"interrupted"'));
  assert.equal(wnlstm('resume', run, '--data', moved).code, 0);
});
