/** @file TensorBoard itself shows the scalars, times, hyperparameters and results of exported runs. */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { exportedRun, interrupted, scratch, trained } from '../exported.testing.js';
import { lacks, python } from '../readers.testing.js';
import { eventFiles } from './tensorboard.js';

/** Starts a TensorBoard on a free port, and asks it what its page asks. */
const ASK = `import json, sys, time, urllib.parse, urllib.request
from tensorboard import program
board = program.TensorBoard()
board.configure(argv=[None, "--logdir", sys.argv[1], "--load_fast=false", "--reload_interval=0",
  "--host=127.0.0.1", "--port=0"])
url = board.launch()
def ask(path, body=None):
  request = urllib.request.Request(url + "data/plugin/" + path, body and json.dumps(body).encode(),
    {"Content-Type": "application/json"})
  return json.load(urllib.request.urlopen(request))
for _ in range(300):
  tags = ask("scalars/tags")
  if len(tags) >= int(sys.argv[2]): break
  time.sleep(0.1)
scalars = {run: {tag: ask("scalars/scalars?" + urllib.parse.urlencode({"run": run, "tag": tag})) for tag in tags[run]}
  for run in tags}
statuses = ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING"]
groups = ask("hparams/session_groups", {"experimentName": "", "allowedStatuses": statuses, "colParams": [],
  "startIndex": 0, "sliceSize": 100})
print(json.dumps({"scalars": scalars, "groups": groups["sessionGroups"]}))`;

type Points = [time: number, step: number, value: number][];
interface Metric {
  readonly name: { readonly group: string; readonly tag: string };
  readonly value: number;
}
interface Board {
  readonly scalars: Record<string, Record<string, Points>>;
  readonly groups: {
    readonly name: string;
    readonly hparams: Record<string, unknown>;
    readonly metricValues: Metric[];
    readonly sessions: { readonly status: string; readonly startTimeSecs: number }[];
  }[];
}

test('TensorBoard shows every row, its time, the config and the results', {
  skip: lacks('tensorboard'),
}, async () => {
  const logs = mkdtempSync(join(scratch, 'logs-'));
  const [done, open] = [exportedRun(await trained({ clip: 0.5 })), exportedRun(await interrupted())];
  for (const [name, exported] of [
    ['done', done],
    ['open', open],
  ] as const)
    for (const [path, content] of Object.entries(eventFiles(exported))) {
      mkdirSync(dirname(join(logs, name, path)), { recursive: true });
      writeFileSync(join(logs, name, path), content);
    }
  const { scalars, groups } = python(ASK, logs, '5') as Board;

  const { record, config, summary } = done.run;
  const start = Date.parse(record.started_at) / 1000;
  const points = (column: 'loss' | 'accuracy' | 'lr' | 'grad_norm' | 'grad_norm_clipped' | 'clip_fraction') =>
    done.rows.steps.map((row) => [start + row.elapsed_seconds!, row.step, Math.fround(row[column]!)]);
  const { examples_per_second: speed, ...byStep } = scalars['done/train']!;
  for (const column of ['loss', 'accuracy', 'lr', 'grad_norm', 'grad_norm_clipped', 'clip_fraction'] as const)
    assert.deepEqual(byStep[column], points(column), column);
  assert.equal(Object.keys(byStep).length, 6);
  assert.equal(speed!.length, done.rows.epochs.length);
  assert.deepEqual(
    scalars['done/validation'],
    Object.fromEntries(
      (['loss', 'accuracy'] as const).map((tag) => [
        tag,
        done.rows.epochs.map((row) => [
          start + row.elapsed_seconds!,
          row.step,
          Math.fround(row[`val_${tag}`]!),
        ]),
      ]),
    ),
  );
  assert.deepEqual(Object.keys(scalars).sort(), [
    'done',
    'done/train',
    'done/validation',
    'open/train',
    'open/validation',
  ]);

  const [ended, unfinished] = groups.sort((a, b) => a.name.localeCompare(b.name));
  const { arm, model, units, clip, lr, seed, columnNorm } = ended!.hparams;
  assert.deepEqual(
    { arm, model, units, clip, lr, seed, columnNorm },
    {
      arm: done.arm,
      model: 'wn',
      units: config.units,
      clip: 0.5,
      lr: config.lr,
      seed: 0,
      columnNorm: undefined,
    },
  );
  assert.deepEqual(
    Object.fromEntries(
      ended!.metricValues.map(({ name: { group, tag }, value }) => [`${group} ${tag}`, value]),
    ),
    Object.fromEntries(
      Object.entries({
        ' test/accuracy': summary!.test_accuracy,
        ' test/loss': summary!.test_loss,
        ' test/best_accuracy': summary!.best_test_accuracy,
        'validation accuracy': summary!.val_accuracy,
        'validation loss': summary!.val_loss,
        'train accuracy': done.rows.steps.at(-1)!.accuracy,
        'train loss': done.rows.steps.at(-1)!.loss,
      }).map(([name, value]) => [name, Math.fround(value!)]),
    ),
  );
  assert.equal(ended!.sessions[0]!.status, 'STATUS_SUCCESS');
  assert.ok(Math.abs(ended!.sessions[0]!.startTimeSecs - start) < 1e-3);
  assert.equal(unfinished!.sessions[0]!.status, 'STATUS_UNKNOWN');
  assert.equal(unfinished!.metricValues.length, 4);
});

test('a run has the same three files whether it is finished or not, with equal bytes each time', async () => {
  const [done, open] = [await trained(), await interrupted()];
  const files = eventFiles(exportedRun(done));
  assert.deepEqual(Object.keys(files), Object.keys(eventFiles(exportedRun(open))));
  assert.equal(Object.keys(files).length, 3);
  assert.deepEqual(files, eventFiles(exportedRun(done)));
});
