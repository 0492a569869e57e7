/** @file Damaged runs: every command reports the damaged file and how to repair it, and deletes nothing. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeTinyDataset } from '../data/idx.testing.js';
import { assertRefused, csvs, freshFolder, onlyRun, scratch, train, wnlstm } from './cli.testing.js';
import { assertSameText } from './same-text.testing.js';

const noPipes = process.platform === 'win32' ? 'needs mkfifo and /dev/full' : false;

/** Creates a folder with a complete run of five epochs of 13 steps, and a copy d to damage, which was stopped after four epochs. */
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

/** Changes a run as if it had been stopped after its fourth epoch. */
function interrupt(run: string): void {
  edit(join(run, 'run.json'), (text) => text.replace('"completed"', '"interrupted"'));
  for (const file of ['summary.json', 'checkpoints/step-000065'])
    rmSync(join(run, file), { recursive: true });
}

test('ls, show, resume, compare and plot report the damaged file of a run and process the other runs', () => {
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

test('a config.json without all keys, such as a bundled config, is not accepted as the config of a run', () => {
  const { runs } = pair((d) => writeFileSync(join(d, 'config.json'), '{"units":11}'));
  assert.match(wnlstm('ls', '--runs', runs).err, /d\/config\.json: keys are missing: model, lr, /);
  assertRefused(wnlstm('show', 'd', '--runs', runs), /d\/config\.json: keys are missing/);
});

test('a checkpoint with an incomplete progress.json is damaged, and the previous checkpoint is used', () => {
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

test('run.json has the arguments of the run, with which config.json can be created again', () => {
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

test('a pipe in the place of a file is reported and not read', { skip: noPipes }, () => {
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

test('a missing or incomplete summary is written again from the last checkpoint', () => {
  for (const damage of [
    (run: string) => rmSync(join(run, 'summary.json')),
    (run: string) => writeFileSync(join(run, 'summary.json'), '{"run_id'),
  ]) {
    const { runs, run, other } = pair(damage);
    assert.match(wnlstm('ls', '--runs', runs).err, /d\/summary\.json.*\n.*wnlstm resume/);
    assert.match(wnlstm('show', 'd', '--runs', runs).err, /d\/summary\.json/);
    assert.match(
      wnlstm('compare', run, other).out.replaceAll(/\s+/g, ' '),
      /d: it has no result: .*d\/summary\.json/,
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

test('a run resumes from the newest intact checkpoint and ends with the bytes of an uninterrupted run', () => {
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

test('a run without its checkpoints is refused and keeps its rows', () => {
  const { runs, run } = pair((d) => {
    interrupt(d);
    rmSync(join(d, 'checkpoints'), { recursive: true });
  });
  const before = csvs(run);
  assertRefused(wnlstm('resume', 'd', '--runs', runs), /d\/checkpoints is missing or empty, but .* step 65/);
  assert.equal(csvs(run), before);
});

test('a run that resumes without its earlier rows reports it, and a run with unreadable rows is refused', () => {
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
    /steps\.csv: it is not CSV|steps\.csv: expected a number/,
  );
  assert.equal(readFileSync(join(torn.run, 'steps.csv'), 'utf8'), rows);
});

test('a finished run with missing rows keeps its result, and plot reports where its curves end', () => {
  const { runs, run } = pair((d) =>
    edit(join(d, 'steps.csv'), (text) => text.split('\n').slice(0, 6).join('\n').concat('\n')),
  );
  const { code, err } = wnlstm('plot', run, '--format', 'text', '--runs', runs);
  assert.equal(code, 0, err);
  assert.match(err, /d: steps\.csv ends at step 15 of 65, so its curves end there/);
});

test('a CSV that was saved by a spreadsheet is read, and resuming restores its format', () => {
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

test('a run whose data was moved is resumed and reproduced with --data', () => {
  const data = writeTinyDataset(join(scratch, 'moving'), { size: 8, train: 240, test: 60, classes: 4 });
  const runs = freshFolder();
  const flags = ['--data', data, '--epochs', '2', '--quiet'];
  assert.equal(train(runs, ...flags).code, 0);
  const run = onlyRun(runs);
  const moved = `${data}-moved`;
  renameSync(data, moved);
  assertRefused(wnlstm('reproduce', run), /moving, but there is no such folder/);
  assert.equal(wnlstm('reproduce', run, '--data', moved, '--quiet').code, 0);
  edit(join(run, 'run.json'), (text) => text.replace('"completed"', '"interrupted"'));
  assert.equal(wnlstm('resume', run, '--data', moved).code, 0);
});

test('a CSV with quoted cells is read', () => {
  const { runs } = pair((d) =>
    edit(join(d, 'metrics.csv'), (text) => text.replaceAll(/[^,\n]+/g, (cell) => `"${cell}"`)),
  );
  const { out, err } = wnlstm('show', 'd', '--runs', runs);
  assert.match(out, /\n4 +52 +/);
  assert.equal(err, '');
});
