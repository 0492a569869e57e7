/** @file Damaged runs: every command says which file of which run, what still works and what repairs it. Nothing is lost. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeTinyDataset } from '../data/idx.testing.js';
import { assertRefused, csvs, freshFolder, onlyRun, scratch, train, wnlstm } from './cli.testing.js';
import { assertSameText } from './same-text.testing.js';

const noPipes = process.platform === 'win32' ? 'needs mkfifo and /dev/full' : false;

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

function edit(path: string, change: (text: string) => string): void {
  writeFileSync(path, change(readFileSync(path, 'utf8')));
}

/** The run as if it had been stopped at its fourth epoch. */
function interrupt(run: string): void {
  edit(join(run, 'run.json'), (text) => text.replace('"completed"', '"interrupted"'));
  for (const file of ['summary.json', 'checkpoints/step-000065'])
    rmSync(join(run, file), { recursive: true });
}

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

test('a config.json that lacks keys, such as one of configs/, is not taken for the config of the run', () => {
  const { runs } = pair((d) => writeFileSync(join(d, 'config.json'), '{"units":11}'));
  assert.match(wnlstm('ls', '--runs', runs).err, /d\/config\.json: keys are missing: model, lr, /);
  assertRefused(wnlstm('show', 'd', '--runs', runs), /d\/config\.json: keys are missing/);
});

test('progress.json that lacks what the rest of a run depends on is damaged, and the checkpoint before is taken', () => {
  for (const text of ['{"step":65,"row":true,"epoch":true}', '{"step":65,"row":{},"epoch":{},"best":null}']) {
    const { runs, run, other } = pair((d) => {
      edit(join(d, 'run.json'), (record) => record.replace('"completed"', '"interrupted"'));
      rmSync(join(d, 'summary.json'));
      writeFileSync(join(d, 'checkpoints/step-000065/progress.json'), text);
    });
    const { code, err } = wnlstm('resume', 'd', '--runs', runs);
    assert.equal(code, 0, err);
    assert.match(err, /step-000065\/progress\.json: expected the progress of step 65.* at step 52\./);
    assertSameText(csvs(run), csvs(other), 'the CSVs');
  }
});

test('run.json keeps the arguments a run was begun with, by which its config.json can be made anew', () => {
  const { runs, run, other } = pair(interrupt);
  assert.equal(wnlstm('resume', 'd', '--runs', runs).code, 0);
  const { argv } = JSON.parse(readFileSync(join(run, 'run.json'), 'utf8')) as { argv: string[] };
  rmSync(join(run, 'config.json'));
  const made = wnlstm(...argv, '--print-config', '--json');
  writeFileSync(join(run, 'config.json'), made.out);
  assert.equal(wnlstm('verify', run).code, 0);
  rmSync(join(other, 'run.json'));
  rmSync(join(run, 'run.json'));
  assert.doesNotMatch(wnlstm('ls', '--runs', runs).err, /No runs/);
});

test('a pipe in the place of a file is named, and nothing waits for it', { skip: noPipes }, () => {
  const files = ['run.json', 'config.json', 'summary.json', 'metrics.csv', 'steps.csv'];
  const parts = ['model.safetensors', 'optimizer.safetensors', 'progress.json'];
  for (const file of [...files, ...parts.map((part) => `checkpoints/step-000065/${part}`)]) {
    const { runs } = pair((d) => {
      rmSync(join(d, file));
      spawnSync('mkfifo', [join(d, file)]);
    });
    const { code, out, err } = wnlstm('ls', '--runs', runs);
    assert.equal(code, 0, err);
    assert.match(out, /wn-s0-\w+ +completed/);
    const verified = wnlstm('verify', join(runs, 'd'));
    assert.equal(verified.code, 3, verified.err);
    assert.match(
      verified.out.replaceAll(/\s+/g, ' '),
      new RegExp(`${file}: .*a pipe or a device, not a file`),
    );
  }
});

test('a summary that is missing or torn is written anew from the last checkpoint', () => {
  for (const damage of [
    (run: string) => rmSync(join(run, 'summary.json')),
    (run: string) => writeFileSync(join(run, 'summary.json'), '{"run_id'),
  ]) {
    const { runs, run, other } = pair(damage);
    assert.match(wnlstm('ls', '--runs', runs).err, /d\/summary\.json.*\n.*wnlstm resume/);
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
  assert.match(err, /note .*step-000065\/model\.safetensors.* from the checkpoint before it, at step 52\./);
  assertSameText(csvs(run), csvs(other), 'the CSVs');
});

test('a run whose checkpoints are gone is refused and keeps its rows', () => {
  const { runs, run } = pair((d) => {
    interrupt(d);
    rmSync(join(d, 'checkpoints'), { recursive: true });
  });
  const before = csvs(run);
  assertRefused(wnlstm('resume', 'd', '--runs', runs), /d\/checkpoints is missing or empty, but .* step 65/);
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
  assert.match(err, /note steps\.csv lacks 17 of its 17 rows \(from step 3 to 51\)/);
  assert.match(err, /note metrics\.csv lacks 3 of its 4 rows \(from step 26 to 52\)/);
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

test('a CSV whose cells a program put in quotes is read', () => {
  const { runs } = pair((d) =>
    edit(join(d, 'metrics.csv'), (text) => text.replaceAll(/[^,\n]+/g, (cell) => `"${cell}"`)),
  );
  const { out, err } = wnlstm('show', 'd', '--runs', runs);
  assert.match(out, /\n4 +52 +/);
  assert.equal(err, '');
});
