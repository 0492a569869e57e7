/** @file Laws of sweep files: the arms that they expand to, and the errors of invalid files. */

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../package.js';
import { parseSweep, readSweepFile } from './grid.js';

const minimal = { name: 'x', seeds: 2 };

function namesOf(file: Record<string, unknown>): string[] {
  return parseSweep({ ...minimal, ...file }, 'x.json').arms.map(({ name }) => name);
}

test('a sweep has every combination of its arms and grid values, and the last axis varies fastest', () => {
  const names = namesOf({
    arms: { base: { model: 'base' }, wn: {} },
    grid: { lr: [0.1, 0.01], clip: [null, 0.5] },
  });
  assert.deepEqual(names, [
    'base lr=0.1 clip=none',
    'base lr=0.1 clip=0.5',
    'base lr=0.01 clip=none',
    'base lr=0.01 clip=0.5',
    'wn lr=0.1 clip=none',
    'wn lr=0.1 clip=0.5',
    'wn lr=0.01 clip=none',
    'wn lr=0.01 clip=0.5',
  ]);
});

test('a grid value can set several keys and can have a name', () => {
  const keys = { clip: 0.5, clipMode: 'value' };
  const unnamed = parseSweep({ ...minimal, grid: { clipping: [keys] } }, 'x.json').arms[0]!;
  assert.equal(unnamed.name, 'clip=0.5,clipMode=value');
  const named = parseSweep({ ...minimal, grid: { clipping: { hard: keys } } }, 'x.json').arms[0]!;
  assert.equal(named.name, 'hard');
  for (const { config } of [unnamed, named]) {
    assert.equal(config.clip, 0.5);
    assert.equal(config.clipMode, 'value');
  }
});

test('the grid overrides the arm, the arm overrides base, and base overrides the defaults', () => {
  const file = {
    base: { units: 7, lr: 1, batch: 8 },
    arms: { a: { lr: 2, batch: 9 } },
    grid: { batch: [10] },
  };
  const { config } = parseSweep({ ...minimal, ...file }, 'x.json').arms[0]!;
  assert.deepEqual([config.units, config.lr, config.batch, config.epochs], [7, 2, 10, 5]);
});

test('a number of seeds means the seeds from 0', () => {
  assert.deepEqual(parseSweep({ ...minimal, seeds: 3 }, 'x.json').seeds, [0, 1, 2]);
  assert.deepEqual(parseSweep({ ...minimal, seeds: [5, 1] }, 'x.json').seeds, [5, 1]);
});

test('without declared comparisons, each arm is compared with the first one', () => {
  const { comparisons } = parseSweep({ ...minimal, grid: { lr: [1, 2, 3] } }, 'x.json');
  assert.deepEqual(comparisons, [
    ['lr=2', 'lr=1'],
    ['lr=3', 'lr=1'],
  ]);
});

test('an invalid sweep file is refused, and the error says what to change', () => {
  const refused: [Record<string, unknown>, RegExp][] = [
    [{ arms: { a: { unit: 3 } } }, /x\.json, arm a: unknown key unit \(nearest: units\)/],
    [{ base: { lr: 'high' } }, /lr: expected a number of at least 1e-37, got "high"/],
    [{ grid: { lr: [] } }, /grid\.lr has no values/],
    [{ grid: { clipping: {} } }, /grid\.clipping has no values/],
    [{ seeds: [1, 1] }, /a seed occurs twice/],
    [{ seeds: undefined }, /seeds is missing/],
    [{ seed: 3 }, /seed belongs in base, arms or grid/],
    [{ base: { seed: 3 } }, /sets seed; use seeds instead/],
    [{ base: { threads: 3 } }, /sets threads; use --threads instead/],
    [{ comparision: [] }, /unknown key comparision \(nearest: comparisons\)/],
    [{ arms: { wn: {}, base: {} }, comparisons: [['wn', 'bas']] }, /there is no arm bas \(nearest: base\)/],
    [{ arms: { wn: {} }, comparisons: [['wn', 'wn']] }, /wn is compared with itself/],
    [
      {
        arms: { wn: {}, base: {} },
        comparisons: [
          ['wn', 'base'],
          ['base', 'wn'],
        ],
      },
      /the pair base, wn occurs twice/,
    ],
    [{ base: { unit: 3 }, arms: { a: {} } }, /x\.json, base: unknown key unit/],
    [{ seeds: 0 }, /seeds: expected the number of seeds, or a list/],
    [{ grid: { lr: 3 } }, /grid\.lr: expected a list of values/],
    [{ arms: { 'a vs b': {} } }, /arms\.a vs b: expected .* names consist of letters/],
    [
      { arms: JSON.parse('{"__proto__": {"units": 5}}') },
      /arms\.__proto__: expected .* names consist of letters/,
    ],
    [{ grid: JSON.parse('{"__proto__": [1, 2]}') }, /grid\.__proto__: expected/],
    [{ name: '../x' }, /name: expected a name of letters/],
    [{ margin: 0 }, /margin: /],
    [{ slurm: 3 }, /slurm: expected an object with any of the keys partition, /],
    [{ slurm: { partiton: 'a' } }, /unknown key slurm\.partiton \(nearest: partition\)/],
    [{ slurm: { cpus: 0 } }, /slurm\.cpus: expected a whole number from 1/],
    [{ slurm: { time: 60 } }, /slurm\.time: expected text/],
    [{ slurm: { partition: 'a\n#SBATCH -p b' } }, /slurm\.partition: expected text/],
    [{ slurm: { sbatch: '--qos=low' } }, /slurm\.sbatch: expected a list/],
    [{ arms: { a: { data: 'x' }, b: {} } }, /arms have different data/],
    [{ grid: { lr: [0.1, 0.1] } }, /two arms have the name lr=0\.1/],
  ];
  for (const [change, message] of refused) {
    assert.throws(() => parseSweep({ ...minimal, ...change }, 'x.json'), { code: 'E_CONFIG', message });
  }
});

test('a grid that is too large is refused before it is expanded', () => {
  const values = Array.from({ length: 1000 }, (_, index) => index + 1);
  const grid = { lr: values, units: values, batch: values };
  assert.throws(
    () => parseSweep({ ...minimal, grid }, 'x.json'),
    /expected at most 1,000,000 runs, got 2,000,000,000/,
  );
});

test('arms and grid values keep the order of the file, even if their names are numbers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wnlstm-'));
  const path = join(folder, 'order.json');
  writeFileSync(
    path,
    `{ "name": "order", "seeds": 1, "arms": { "base": {}, "32": { "units": 32 }, "16": { "units": 16 } },
       "grid": { "rate": { "2": { "lr": 0.2 }, "1": { "lr": 0.1 } } } }`,
  );
  const { arms, comparisons } = readSweepFile(path);
  const names = ['base 2', 'base 1', '32 2', '32 1', '16 2', '16 1'];
  assert.deepEqual(
    arms.map(({ name }) => name),
    names,
  );
  assert.deepEqual(comparisons[0], ['base 1', 'base 2']);
  rmSync(folder, { recursive: true });
});

test('the bundled sweep files are valid', () => {
  const folder = join(packageRoot, 'configs/sweeps');
  const counts = readdirSync(folder).map((file) => {
    const { name, arms, seeds } = readSweepFile(join(folder, file));
    return [name, arms.length, seeds.length];
  });
  assert.deepEqual(counts, [
    ['article', 3, 8],
    ['clipping', 45, 8],
    ['confirm', 2, 48],
    ['pilot', 6, 3],
  ]);
});

test('the error for a config in place of a sweep file says that it is a config', () => {
  assert.throws(() => readSweepFile(join(packageRoot, 'configs/smoke.json')), {
    message: /smoke\.json is the config of one run, not a sweep file\.$/,
  });
});
