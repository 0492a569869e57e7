/** @file Laws of reading results: every excluded run is listed with the reason. */

import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { writeTinyDataset } from '../data/idx.testing.js';
import { readDataset } from '../data/mnist.js';
import { decided } from '../sweep/decided.testing.js';
import { parseSweep } from '../sweep/grid.js';
import { createInProcessExecutor } from '../sweep/job.js';
import { addSeeds, freeze, type Plan, plannedRuns, writePlan } from '../sweep/plan.js';
import { runSweep } from '../sweep/scheduler.js';
import { forgetSummaryHash } from '../train/tiny-run.testing.js';
import { readLoggedRuns, readResults } from './results.js';

const scratch = mkdtempSync(join(tmpdir(), 'wnlstm-results-'));
after(() => rmSync(scratch, { recursive: true }));
const data = writeTinyDataset(join(scratch, 'data'), { size: 8, train: 60, test: 20, classes: 4 });

const base = { backend: 'wasm', device: 'cpu', data, units: 4, batch: 10, steps: 12, logEvery: 3 };

async function sweepIn(runs: string, name: string, change: Record<string, unknown> = {}): Promise<Plan> {
  const file = {
    name,
    base,
    arms: { base: { model: 'base' }, wn: {} },
    seeds: 3,
    ...change,
  };
  const sweep = parseSweep(file, 'x.json');
  const plan = freeze(
    decided(sweep),
    readDataset(sweep.arms[0]!.config.data).checksums,
    '2026-01-01T00:00:00Z',
  );
  const directory = join(scratch, runs, name);
  const never = { failFast: false, signal: new AbortController().signal };
  await runSweep(plannedRuns(plan), directory, createInProcessExecutor(1), never, () => {});
  writePlan(directory, plan);
  return plan;
}

const plan = await sweepIn('original', 'x');
const [first] = plannedRuns(plan);
let copies = 0;

/** A new copy of the sweep, its runs folder, and the folder of the first run, which is seed 0 of base. */
function copy(): { runs: string; folder: string; run: string } {
  const runs = join(scratch, `copy-${copies++}`);
  cpSync(join(scratch, 'original'), runs, { recursive: true });
  return { runs, folder: join(runs, 'x'), run: join(runs, 'x', first!.id) };
}

function edit(path: string, change: (text: string) => string): void {
  writeFileSync(path, change(readFileSync(path, 'utf8')));
}

function seedsOf(results: ReturnType<typeof readResults>): number[][] {
  return results.arms.map(({ runs }) => runs.map(({ seed }) => seed));
}

test('a sweep has the arms and the comparisons of its plan, in order', () => {
  const { runs } = copy();
  const results = readResults(runs, ['x']);
  assert.deepEqual(
    results.arms.map(({ name }) => name),
    ['base', 'wn'],
  );
  assert.deepEqual(seedsOf(results), [
    [0, 1, 2],
    [0, 1, 2],
  ]);
  assert.deepEqual(results.comparisons, [['wn', 'base']]);
  assert.deepEqual(results.notes, []);
  const [run] = results.arms[1]!.runs;
  assert.equal(run!.steps.at(-1)?.step, 12);
  assert.equal(run!.testAccuracy, run!.summary.test_accuracy);
});

test('an unfinished, incomplete or damaged run is excluded with a note', () => {
  const cases: [RegExp, (run: string) => void][] = [
    [
      /is interrupted/,
      (run) => edit(join(run, 'run.json'), (text) => text.replace('"completed"', '"interrupted"')),
    ],
    [
      /steps\.csv ends at step 9 of 12/,
      (run) => edit(join(run, 'steps.csv'), (text) => text.split('\n').slice(0, -2).join('\n').concat('\n')),
    ],
    [
      /metrics\.csv ends at step \d+ of 12/,
      (run) =>
        edit(join(run, 'metrics.csv'), (text) => text.split('\n').slice(0, -2).join('\n').concat('\n')),
    ],
    [
      /expected a number for loss/,
      (run) => edit(join(run, 'steps.csv'), (text) => text.replace(/^3,1,[^,]*/m, '3,1,x')),
    ],
    [
      /expected format 2, got 0/,
      (run) => edit(join(run, 'run.json'), (text) => text.replace('"format": 2', '"format": 0')),
    ],
    [
      /1 of 6 runs is missing\. Run the sweep again to train it, unless a job or worker will\./,
      (run) => rmSync(run, { recursive: true }),
    ],
  ];
  for (const [message, damage] of cases) {
    const { runs, run } = copy();
    damage(run);
    const results = readResults(runs, ['x']);
    assert.deepEqual(seedsOf(results)[0], [1, 2], String(message));
    assert.match(results.notes.join('\n'), message);
  }
});

test('a run that is not in the plan is excluded with a note, even if it is a copy of a planned run', () => {
  const { runs, folder, run } = copy();
  cpSync(run, join(folder, 'zz-copy'), { recursive: true });
  edit(join(folder, 'zz-copy', 'summary.json'), (text) =>
    text.replace(/"test_accuracy": .*/, '"test_accuracy": 0.99,'),
  );
  const results = readResults(runs, ['x']);
  assert.deepEqual(seedsOf(results), [
    [0, 1, 2],
    [0, 1, 2],
  ]);
  assert.ok(results.arms[0]!.runs.every(({ testAccuracy }) => testAccuracy !== 0.99));
  assert.match(results.notes.join('\n'), /the plan does not list it: zz-copy/);
});

test('a run with another config than planned is excluded with a note', () => {
  const { runs, run } = copy();
  edit(join(run, 'run.json'), (text) => text.replace(/"fingerprint": "..../, '"fingerprint": "0000'));
  const results = readResults(runs, ['x']);
  assert.deepEqual(seedsOf(results)[0], [1, 2]);
  assert.match(results.notes.join('\n'), /its config or data differs from the plan/);
});

test('notes name added seeds and runs that are older than the plan', () => {
  const { runs, folder } = copy();
  assert.deepEqual(readResults(runs, ['x']).notes, []);
  writePlan(
    folder,
    addSeeds({ ...plan, created_at: '2100-01-01T00:00:00.000Z' }, 1, '2100-01-02T00:00:00.000Z'),
  );
  const notes = readResults(runs, ['x']).notes.join('\n');
  assert.match(notes, /Seed 3 was added on 2100-01-02, after the plan was made\./);
  assert.match(notes, /6 runs started before the plan was made/);
});

test('the test accuracy of a diverged run is the chance level', () => {
  const { runs, run } = copy();
  forgetSummaryHash(run);
  for (const file of ['run.json', 'summary.json']) {
    edit(join(run, file), (text) => text.replace('"completed"', '"diverged"'));
  }
  edit(join(run, 'summary.json'), (text) => text.replace(/"test_accuracy": .*/, '"test_accuracy": null,'));
  edit(join(run, 'run.json'), (text) => text.replace(/,\s*"summary_sha256": "\w+"/, '')); // it was changed above
  const [diverged] = readResults(runs, ['x']).arms[0]!.runs;
  assert.equal(diverged!.status, 'diverged');
  assert.equal(diverged!.testAccuracy, 1 / 4);
});

test('runs without a plan form arms by their configs, with each seed once', () => {
  const { runs, folder } = copy();
  rmSync(join(folder, 'plan.json'));
  cpSync(folder, join(runs, 'again'), { recursive: true });
  const results = readResults(runs, [folder, join(runs, 'again')]);
  assert.deepEqual(results.arms.map(({ name }) => name).sort(), ['base', 'wn']);
  assert.deepEqual(seedsOf(results), [
    [0, 1, 2],
    [0, 1, 2],
  ]);
  assert.equal(results.notes.filter((note) => note.includes('it is a copy of another run')).length, 6);
  assert.match(results.notes.join('\n'), /No comparison was declared/);
});

test('runs with different lengths or data cannot be compared, but can be plotted together', async () => {
  await sweepIn('other', 'long', { base: { ...base, steps: 6 } });
  const loose = join(scratch, 'loose');
  renameSync(join(scratch, 'other/long'), loose);
  rmSync(join(loose, 'plan.json'));
  const { folder } = copy();
  rmSync(join(folder, 'plan.json'));
  const namesOf = (...folders: string[]): string[] =>
    readLoggedRuns(scratch, folders)
      .arms.map(({ name }) => name)
      .sort();
  assert.throws(() => readResults(scratch, [folder, loose]), {
    code: 'E_DATA',
    message: /12 steps, 6 steps/,
    hint: /Name one sweep, or runs of equal length and data.*wnlstm plot/,
  });
  assert.deepEqual(namesOf(folder, loose), ['base steps=12', 'base steps=6', 'wn steps=12', 'wn steps=6']);

  const { folder: foreign, run } = copy();
  edit(join(run, 'run.json'), (text) =>
    text
      .replace(/"checksums": \{\s*"([^"]+)": "[0-9a-f]+"/, '"checksums": {"$1": "0"')
      .replace(/"fingerprint": "..../, '"fingerprint": "0000')
      .replace(JSON.stringify(data), '"/elsewhere/letters"'),
  );
  rmSync(join(foreign, 'plan.json'));
  assert.throws(() => readResults(scratch, [foreign]), { code: 'E_DATA', message: /2 different data sets/ });
  assert.deepEqual(namesOf(foreign), ['base data=data', 'base data=letters', 'wn data=data']);
});

test('reading runs without any result is an error', () => {
  const { runs, folder } = copy();
  assert.throws(() => readResults(runs, ['nowhere']), { code: 'E_RUN' });
  for (const { id } of plannedRuns(plan)) rmSync(join(folder, id), { recursive: true });
  assert.throws(() => readResults(runs, ['x']), { code: 'E_RUN', message: /has a result yet/ });
});
