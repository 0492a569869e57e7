/** @file `wnlstm watch` without a terminal: one snapshot, as text or as data, and clear messages. */

import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { assertRefused, freshFolder, onlyRun, train, wnlstm } from '../end-to-end/cli.testing.js';

const runs = freshFolder();

before(() => {
  for (const seed of ['0', '1']) {
    const { code, err } = train(runs, '--epochs', '2', '--seed', seed, '--quiet');
    assert.equal(code, 0, err);
  }
});

test('piped, it prints curves and a table once, within 80 columns', () => {
  const { code, out, err } = wnlstm('watch', '--runs', runs);
  assert.equal(code, 0);
  assert.equal(err, '');
  const lines = out.split('\n');
  assert.deepEqual(lines.slice(0, 2), [runs, '2 of 2 runs finished']);
  assert.match(out, /training loss, mean over seeds/);
  assert.match(out, /^\* wn +1 +completed +━+ 100 % +- +\d+\.\d\d\n\* wn +0 +completed /m);
  for (const line of lines) assert.ok(line.length <= 80 && !line.includes('\x1b'), line);
  assert.equal(wnlstm('watch', '--runs', runs, '--once').out, out);
});

test('--json prints the runs and the points of the curves, as they are in the files', () => {
  const { code, out } = wnlstm('watch', '--runs', runs, '--json', '--column', 'val_loss', '--sort', 'val');
  assert.equal(code, 0);
  const data = JSON.parse(out);
  const listed = wnlstm('ls', '--runs', runs, '--json')
    .out.trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  for (const run of data.runs) {
    const { status, step, total_steps, val_accuracy, dir } = listed.find(
      ({ run_id }) => run_id === run.run_id,
    );
    assert.deepEqual(
      [run.status, run.step, run.total_steps, run.val_accuracy, run.dir, run.seconds_left],
      [status, step, total_steps, val_accuracy, dir, null],
    );
  }
  const accuracies = data.runs.map(({ val_accuracy }: { val_accuracy: number }) => val_accuracy);
  assert.deepEqual(accuracies, accuracies.toSorted());
  const [curve] = data.curves;
  assert.deepEqual([data.curves.length, curve.arm, curve.points.length, curve.points[1].n], [1, 'wn', 2, 2]);
  const last = data.runs.map(({ val_loss }: { val_loss: number }) => val_loss);
  assert.ok(Math.abs(curve.points[1].mean - (last[0] + last[1]) / 2) < 1e-12);
});

test('a chosen arm has a curve for each run; an unknown arm and an unknown name are errors', () => {
  const { out } = wnlstm('watch', '--runs', runs, '--arm', 'wn', '--json');
  const labels = JSON.parse(out).curves.map(({ label }: { label: string }) => label);
  assert.deepEqual(labels, ['seed 0', 'seed 1']);
  assertRefused(wnlstm('watch', '--runs', runs, '--arm', 'base'), /--arm: there is no arm base/);
  assertRefused(wnlstm('watch', '--runs', runs, 'nothing'), /Expected one run with the name nothing/);
  assertRefused(wnlstm('watch', '--runs', runs, '--column', 'los'), /nearest: loss/);
});

test('a folder that is missing or empty has a message, and no runs', () => {
  const empty = freshFolder();
  mkdirSync(empty);
  for (const folder of [empty, join(empty, 'missing')]) {
    const { code, out, err } = wnlstm('watch', '--runs', folder);
    assert.deepEqual([code, out], [0, '']);
    assert.match(err, /^There are no runs in .*\. Start one with `.* train`\.\n$/);
    assert.deepEqual(JSON.parse(wnlstm('watch', '--runs', folder, '--json').out).runs, []);
  }
});

test('a torn row is left out, and the run is shown', () => {
  const torn = freshFolder();
  train(torn, '--epochs', '1', '--quiet');
  const path = join(onlyRun(torn), 'steps.csv');
  appendFileSync(path, '99,1,0.5\n');
  const { runs: found, curves } = JSON.parse(wnlstm('watch', '--runs', torn, '--json').out);
  assert.equal(found[0].step, 13);
  assert.ok(curves[0].points.at(-1).step <= 13);
});
