/** @file Every kind of damage to a run's files is found, and named with file and line. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseConfig } from '../config.js';
import { writeTinyDataset } from '../data/idx.testing.js';
import { UNFUSED } from '../engines/arithmetic.js';
import { loadModule } from '../engines/fused/wasm-module.js';
import { compareRuns } from './reproduce.js';
import { runSession } from './session.js';
import { verifyRun } from './verify.js';

const scratch = mkdtempSync(join(tmpdir(), 'wnlstm-verify-'));
after(() => rmSync(scratch, { recursive: true }));
const data = writeTinyDataset(join(scratch, 'data'), { size: 8, train: 60, test: 20, classes: 4 });

/** Trains a run, and says where it is. */
const train = async (
  change: Record<string, unknown>,
  signal = new AbortController().signal,
): Promise<string> => {
  const config = parseConfig(
    {
      backend: 'wasm',
      device: 'cpu',
      data,
      units: 4,
      batch: 10,
      epochs: 3,
      logEvery: 3,
      threads: 1,
      ...change,
    },
    'test',
  );
  const runsDirectory = mkdtempSync(join(scratch, 'runs-'));
  let directory = '';
  const input = { config, runsDirectory, directory: null, force: false, argv: [], signal };
  await runSession(input, {
    onOpen: (opening) => {
      directory = opening.directory;
    },
    onEvent: () => {},
  });
  return directory;
};

const whole = await train({});
const copy = (): string => {
  const directory = mkdtempSync(join(scratch, 'copy-'));
  cpSync(whole, directory, { recursive: true });
  return directory;
};
const edit = (path: string, change: (text: string) => string): void => {
  const text = readFileSync(path, 'utf8');
  assert.notEqual(change(text), text, `nothing to change in ${path}`);
  writeFileSync(path, change(text));
};
const flip = (path: string, at: number): void => {
  const bytes = readFileSync(path);
  bytes[at < 0 ? bytes.length + at : at] ^= 1;
  writeFileSync(path, bytes);
};

test('a run as it was trained has no problem', () => {
  const { problems, status, steps, weightsSha256, hashRecorded } = verifyRun(whole);
  assert.deepEqual(problems, []);
  assert.deepEqual([status, steps, hashRecorded], ['completed', 15, true]);
  assert.match(weightsSha256 ?? '', /^[0-9a-f]{64}$/);
});

const damages: [string, string, (run: string) => void, RegExp][] = [
  [
    'a row that was removed',
    'steps.csv:3',
    (run) => edit(join(run, 'steps.csv'), (text) => text.replace(/\n6,[^\n]*/, '')),
    /Expected step 6, got 9/,
  ],
  [
    'a row that is there twice',
    'metrics.csv:4',
    (run) => edit(join(run, 'metrics.csv'), (text) => text.replace(/(\n2,[^\n]*)/, '$1$1')),
    /Expected epoch 3, got 2/,
  ],
  [
    'a last row that was removed',
    'metrics.csv',
    (run) => edit(join(run, 'metrics.csv'), (text) => text.replace(/3,15,[^\n]*\n/, '')),
    /last row is of step 10, the run has 15/,
  ],
  [
    'a cell that is no number',
    'steps.csv:2',
    (run) => edit(join(run, 'steps.csv'), (text) => text.replace('\n3,1,', '\n3,one,')),
    /epoch: expected a number, got "one"/,
  ],
  [
    'a loss that was changed',
    'steps.csv',
    (run) =>
      edit(join(run, 'steps.csv'), (text) =>
        text.replace(/\n6,(\d),1\.(\d)/, (_, epoch, digit) => `\n6,${epoch},1.${(Number(digit) + 1) % 10}`),
      ),
    /The sum of loss over all steps/,
  ],
  [
    'a NaN in a run that completed',
    'metrics.csv:2',
    (run) => edit(join(run, 'metrics.csv'), (text) => text.replace(/\n1,5,[^,]*/, '\n1,5,NaN')),
    /expected a finite number, got NaN/,
  ],
  [
    'a torn last line',
    'steps.csv:7',
    (run) => edit(join(run, 'steps.csv'), (text) => `${text}18,4,0.`),
    /cut off/,
  ],
  [
    'another header',
    'steps.csv:1',
    (run) => edit(join(run, 'steps.csv'), (text) => text.replace('loss', 'lose')),
    /Expected the header/,
  ],
  [
    'a config that was changed',
    'config.json',
    (run) => edit(join(run, 'config.json'), (text) => text.replace('"units": 4', '"units": 5')),
    /fingerprint/,
  ],
  [
    'a config that is none',
    'config.json',
    (run) => writeFileSync(join(run, 'config.json'), '{'),
    /expected JSON/,
  ],
  [
    'a result that was changed',
    'summary.json',
    (run) => edit(join(run, 'summary.json'), (text) => text.replace(/("val_accuracy": )[\d.]+/, '$10.99')),
    /val_accuracy is 0.99, the last row of metrics.csv has/,
  ],
  ['a summary that is missing', 'summary.json', (run) => rmSync(join(run, 'summary.json')), /missing/],
  ['a CSV that is missing', 'steps.csv', (run) => rmSync(join(run, 'steps.csv')), /no such file/],
  [
    'a weight that was changed in one bit',
    'summary.json',
    (run) => flip(join(run, 'checkpoints/step-000015/model.safetensors'), -1),
    /weights_sha256 is [0-9a-f]+, the last checkpoint has/,
  ],
  [
    'a checkpoint that is cut short',
    'checkpoints/step-000015',
    (run) => edit(join(run, 'checkpoints/step-000015/optimizer.safetensors'), (text) => text.slice(0, 100)),
    /expected/,
  ],
  [
    'a last checkpoint that is missing',
    'checkpoints',
    (run) => rmSync(join(run, 'checkpoints/step-000015'), { recursive: true }),
    /The last one is of step 10, expected 15/,
  ],
  [
    'a record that is missing a digit of its id',
    'run.json',
    (run) =>
      edit(join(run, 'run.json'), (text) => text.replace(/("run_id": "wn-s0-[0-9a-f]{7})[0-9a-f]/, '$1')),
    /run_id is/,
  ],
];
for (const [what, where, damage, message] of damages) {
  test(`${what} is found`, () => {
    const run = copy();
    damage(run);
    const found = verifyRun(run).problems.map(({ file, line, message }) => ({
      where: line === null ? file : `${file}:${line}`,
      message,
    }));
    assert.ok(
      found.some((problem) => problem.where === where && message.test(problem.message)),
      JSON.stringify(found),
    );
  });
}

test('a run that was stopped is checked as far as it is, and a torn last line of it is no problem', async () => {
  const stop = new AbortController();
  stop.abort(130);
  const stopped = await train({}, stop.signal);
  assert.deepEqual(verifyRun(stopped).problems, []);
  const run = copy();
  edit(join(run, 'run.json'), (text) => text.replace('"completed"', '"interrupted"'));
  rmSync(join(run, 'summary.json'));
  edit(join(run, 'steps.csv'), (text) => `${text}18,4,0.`);
  assert.deepEqual(verifyRun(run).problems, []);
});

test('a run that diverged has no problem, and no hash', async () => {
  const diverged = await train({ lr: 1e39, optimizer: 'sgd', epochs: 2, logEvery: 4 });
  const { problems, status, weightsSha256 } = verifyRun(diverged);
  assert.deepEqual([problems, status, weightsSha256], [[], 'diverged', null]);
});

const fused = loadModule().arithmetic !== UNFUSED;
test('a run and its repetition on another backend have no difference', {
  skip: !fused && 'this CPU has no fused multiply-add',
}, async () => {
  const other = await train({ backend: 'auto', threads: 3 });
  const { differences, environment, compared } = compareRuns(whole, other);
  assert.deepEqual(differences, []);
  assert.equal(compared['steps.csv'], '5 rows of 8 columns');
  assert.ok(
    environment.some(([name, recorded, here]) => name === 'threads' && recorded === '1' && here === '3'),
  );
});

test('where a run and its repetition differ, the first step and column are named', () => {
  const run = copy();
  edit(join(run, 'steps.csv'), (text) => text.replace(/\n9,(\d),([^,]*),/, '\n9,$1,0.5,'));
  edit(join(run, 'summary.json'), (text) => text.replace(/("weights_sha256": ")./, '$1x'));
  const [first, ...others] = compareRuns(run, whole).differences;
  assert.deepEqual([first.file, first.step, first.name, first.recorded], ['steps.csv', '9', 'loss', '0.5']);
  assert.deepEqual(
    others.map(({ name }) => name),
    ['weights_sha256'],
  );
  const short = copy();
  edit(join(short, 'metrics.csv'), (text) => text.replace(/3,15,[^\n]*\n/, ''));
  const [missing] = compareRuns(short, whole).differences;
  assert.deepEqual([missing.file, missing.step, missing.recorded], ['metrics.csv', '15', null]);
});
