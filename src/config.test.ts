/** @file Configs from files and flags: accepted values, and messages about others. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  type Config,
  type ConfigKey,
  configJsonSchema,
  configKeys,
  flagName,
  parseConfig,
  parseFlag,
  resolveConfig,
} from './config.js';
import { UserError } from './errors.js';
import { packageRoot } from './package.js';

/** The message of the E_CONFIG that `task` throws. */
function problem(task: () => unknown): string {
  try {
    task();
  } catch (error) {
    assert.ok(error instanceof UserError, String(error));
    assert.equal(error.code, 'E_CONFIG');
    assert.ok(error.hint, 'the error has a hint');
    return error.message;
  }
  assert.fail('Expected an error, got none.');
}

const defaults: Config = {
  model: 'wn',
  units: 100,
  lr: 0.1,
  batch: 64,
  clip: null,
  clipMode: 'norm',
  columnNorm: null,
  epochs: 5,
  steps: null,
  seed: 0,
  forgetBias: 1,
  optimizer: 'adam',
  logEvery: 10,
  backend: 'auto',
  device: 'auto',
  threads: null,
  data: null,
};

test('an empty config has the defaults', () => {
  assert.deepEqual(parseConfig({}, 'test'), defaults);
  assert.deepEqual(configKeys, Object.keys(defaults));
});

test('a complete config is unchanged', () => {
  const config: Config = {
    model: 'base',
    units: 1,
    lr: 1e-4,
    batch: 65_536,
    clip: 0.5,
    clipMode: 'global-norm',
    columnNorm: 0.1,
    epochs: 1,
    steps: 300,
    seed: 2 ** 32 - 1,
    forgetBias: -1.5,
    optimizer: 'sgd',
    logEvery: 1,
    backend: 'wasm',
    device: 'cpu',
    threads: 2,
    data: '/data/fashion',
  };
  assert.deepEqual(parseConfig(config, 'test'), config);
});

test('all problems are reported together, each with its key, the expected and the actual value', () => {
  const message = problem(() =>
    parseConfig(
      { model: 'lstm', units: 0, lr: '0.1', clip: -1, clipMode: null, seed: 1.5, data: '', unit: 3 },
      'my.json',
    ),
  );
  assert.ok(message.startsWith('my.json: '), message);
  for (const part of [
    'model: expected one of base, wn, got "lstm"',
    'units: expected a whole number from 1 to 4096, got 0',
    'lr: expected a number of at least 1e-37, got "0.1"',
    'clip: expected a number from 1e-37 to 1e+38 or null, got -1',
    'clipMode: expected one of norm, global-norm, value, got null',
    'seed: expected a whole number from 0 to 4294967295, got 1.5',
    'data: expected text or null, got ""',
    'unknown key unit (nearest: units)',
  ]) {
    assert.ok(message.includes(part), `${part} is missing from: ${message}`);
  }
});

test('a problem is reported once, also if a value violates two rules', () => {
  const message = problem(() => parseConfig({ units: 0.5 }, 'test'));
  assert.equal(message.match(/units/g)?.length, 1, message);
});

test('every unknown key is reported with the nearest known key', () => {
  const message = problem(() => parseConfig({ clipmode: 'norm', learningRate: 1, sed: 3 }, 'test'));
  assert.match(message, /clipmode \(nearest: clipMode\)/);
  assert.match(message, /unknown key learningRate;/);
  assert.match(message, /sed \(nearest: seed\)/);
});

test('no key accepts a value outside its range', () => {
  const outside: Record<ConfigKey, unknown[]> = {
    model: ['', 'WN', null],
    units: [0, -1, 1.5, 4097, Number.NaN, Number.POSITIVE_INFINITY, '100', null],
    lr: [0, -0.1, Number.NaN, Number.POSITIVE_INFINITY, '0.1', null],
    batch: [0, 2.5, 65_537, null],
    clip: [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 'none'],
    clipMode: ['global', null],
    columnNorm: [0, -1, Number.NaN],
    epochs: [0, 1.5, null],
    steps: [0, -5, 0.5],
    seed: [-1, 0.5, 2 ** 32, null],
    forgetBias: [Number.NaN, Number.NEGATIVE_INFINITY, '1', null],
    optimizer: ['Adam', null],
    logEvery: [0, null],
    backend: ['gpu', null],
    device: ['gpu', null],
    threads: [0, 1.5, 1025],
    data: ['', 5],
  };
  for (const key of configKeys) {
    for (const value of outside[key]) {
      assert.match(
        problem(() => parseConfig({ [key]: value }, 'test')),
        new RegExp(`^test: ${key}: expected .+, got .+`),
        `${key} accepted ${value}`,
      );
    }
  }
});

test('a learning rate that is NaN is reported as NaN', () => {
  assert.match(
    problem(() => parseConfig({ lr: Number.NaN }, 'test')),
    /lr: expected a number of at least 1e-37, got NaN/,
  );
});

test('flags override the file, the file overrides the defaults, and each value has its source', () => {
  const { config, sources } = resolveConfig({ lr: 0.3, clip: null }, { lr: 0.2, clip: 0.5, units: 32 });
  assert.deepEqual(config, { ...defaults, lr: 0.3, clip: null, units: 32 });
  const expected = Object.fromEntries(configKeys.map((key) => [key, 'default']));
  assert.deepEqual(sources, { ...expected, lr: 'flag', clip: 'flag', units: 'file' });
});

test('the source of a value that equals the default is where it was set', () => {
  const { sources } = resolveConfig({ units: 100 }, { lr: 0.1 });
  assert.equal(sources.units, 'flag');
  assert.equal(sources.lr, 'file');
});

test('a problem on the command line names the flag', () => {
  assert.match(
    problem(() => resolveConfig({ clipMode: 'x' }, {})),
    /--clip-mode: expected one of/,
  );
});

test('a flag is the key in kebab-case', () => {
  assert.deepEqual((['lr', 'clipMode', 'columnNorm', 'logEvery', 'forgetBias'] as const).map(flagName), [
    'lr',
    'clip-mode',
    'column-norm',
    'log-every',
    'forget-bias',
  ]);
});

test('`none` is null for keys that can be null, and text for others', () => {
  const nullable: ConfigKey[] = ['clip', 'columnNorm', 'steps', 'threads', 'data'];
  for (const key of configKeys) {
    assert.equal(parseFlag(key, 'none'), nullable.includes(key) ? null : 'none', key);
  }
});

test('a number that is 0 or infinite in float32 is refused, except a large learning rate', () => {
  for (const key of ['lr', 'clip', 'columnNorm']) {
    for (const value of [0, -1, 1e-46, 1e-300]) {
      assert.match(
        problem(() => parseConfig({ [key]: value }, 'test')),
        new RegExp(`${key}: expected a number (of at least|from) 1e-37`),
      );
    }
  }
  for (const [key, value] of [
    ['clip', 1e39],
    ['columnNorm', 1e39],
    ['forgetBias', 1e39],
    ['forgetBias', -1e39],
  ] as const) {
    assert.match(
      problem(() => parseConfig({ [key]: value }, 'test')),
      new RegExp(`${key}: expected a number from .* to 1e\\+38`),
    );
  }
  assert.equal(parseConfig({ lr: 1e39 }, 'test').lr, 1e39);
});

test('a flag that looks like a number is a number, but a folder is always text', () => {
  assert.equal(parseFlag('lr', '0.02'), 0.02);
  assert.equal(parseFlag('lr', '1e-3'), 1e-3);
  assert.equal(parseFlag('seed', '-1'), -1);
  assert.equal(parseFlag('data', '5'), '5');
  for (const text of ['', ' ', 'NaN', 'fast', '1,5']) assert.equal(parseFlag('lr', text), text);
});

const shipped = readdirSync(join(packageRoot, 'configs')).filter((name) => /(?<!schema)\.json$/.test(name));

test('configs/schema.json is the schema of the code', () => {
  const path = join(packageRoot, 'configs/schema.json');
  assert.deepEqual(
    JSON.parse(readFileSync(path, 'utf8')),
    JSON.parse(JSON.stringify(configJsonSchema())),
    'Update it with `npm run schema`.',
  );
});

test('each bundled config names the schema beside it', () => {
  for (const name of shipped) {
    const json = JSON.parse(readFileSync(join(packageRoot, 'configs', name), 'utf8')) as { $schema?: string };
    assert.equal(json.$schema, './schema.json', name);
  }
});
