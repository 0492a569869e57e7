/** @file Properties of configs, sweep files and command lines: any input is accepted or refused with an error. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type ConfigKey,
  configKeys,
  defaultConfig,
  parseConfig,
  parseFlag,
  resolveConfig,
} from '../config.js';
import { keysOf, readConfigFile, readObject } from '../config-file.js';
import { packageRoot } from '../package.js';
import { filteredBy, sortedBy } from '../results/list-query.js';
import { defaults, record } from '../runs/run.testing.js';
import { parseSweep, readSweepFile } from '../sweep/grid.js';
import {
  folder,
  forTexts,
  json,
  jsonObject,
  key,
  path,
  readsOrRefuses,
  replacedIn,
  scalar,
} from './properties.testing.js';

test('a JSON file is read as by JSON.parse, with its keys in the order of the file, or refused', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(key, json), { maxLength: 6 }), (entries) => {
      const text = `{${entries.map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`).join(', ')}}`;
      writeFileSync(path, text);
      const read = readsOrRefuses(() => readObject(path, 'file', '{}'));
      const names = entries.map(([name]) => name);
      assert.equal(read !== null, new Set(names).size === names.length);
      if (!read) return;
      const { $schema: _, ...expected } = JSON.parse(text) as Record<string, unknown>;
      assert.deepEqual(read, expected);
      assert.deepEqual(
        keysOf(read),
        names.filter((name) => name !== '$schema'),
      );
    }),
  );
  forTexts('{"units": 5, "lr": [0.1, {"a": "\\u0041"}]}', (text) => {
    writeFileSync(path, text);
    readObject(path, 'file', '{}');
  });
});

test('a JSON file that is nested too deeply for the stack is refused', () => {
  for (const depth of [1000, 100_000]) {
    writeFileSync(path, `{"a": ${'['.repeat(depth)}${']'.repeat(depth)}}`);
    readsOrRefuses(() => readConfigFile(path));
    readsOrRefuses(() => readSweepFile(path));
  }
});

test('a config is refused, or parsing its result again changes nothing', () => {
  fc.assert(
    fc.property(fc.oneof(jsonObject, replacedIn(defaultConfig()) as typeof jsonObject), (input) => {
      if (typeof input !== 'object' || input === null || Array.isArray(input)) return; // files of such are refused before
      const config = readsOrRefuses(() => parseConfig(input, 'config.json'));
      if (config) assert.deepEqual(parseConfig(config, 'again'), config);
    }),
  );
});

test('a sweep file is refused, or gives arms with complete configs', () => {
  const sweep = {
    name: 'rates',
    base: { epochs: 2 },
    arms: { base: { model: 'base' }, wn: { model: 'wn' } },
    grid: { lr: [0.01, 0.1], rule: { sgd: { optimizer: 'sgd' } }, pair: [{ clip: 1, batch: 2 }] },
    seeds: [1, 2],
    comparisons: [['wn lr=0.1 sgd clip=1,batch=2', 'base lr=0.1 sgd clip=1,batch=2']],
    margin: 0.01,
  };
  const check = (input: unknown): void => {
    if (typeof input !== 'object' || input === null) return;
    const read = readsOrRefuses(() => parseSweep(input as Record<string, unknown>, 'sweep.json'));
    for (const { config } of read?.arms ?? []) assert.deepEqual(parseConfig(config, 'again'), config);
  };
  fc.assert(fc.property(fc.oneof(jsonObject, replacedIn(sweep)), check), {
    numRuns: 600,
    examples: [
      [{ ...sweep, grid: { lr: [{ units: { toString: 1 } }] } }],
      [{ ...sweep, grid: { lr: [[{ toString: 1 }]] } }],
    ],
  });
  forTexts(JSON.stringify(sweep), (text) => {
    writeFileSync(path, text);
    readSweepFile(path);
  });
});

test('any value of a flag gives a config or is refused', () => {
  const text = fc.oneof(
    scalar.map(String),
    fc.constantFrom('1e5', '0x10', ' 1', '1 ', 'null', 'Infinity', '--', '=1'),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...configKeys), text), { maxLength: 5 }), (flags) => {
      const given = Object.fromEntries(
        flags.map(([name, value]) => [name, parseFlag(name as ConfigKey, value)]),
      );
      const resolved = readsOrRefuses(() => resolveConfig(given));
      for (const [name] of resolved ? flags : []) assert.equal(resolved?.sources[name as ConfigKey], 'flag');
    }),
  );
});

test('any column or condition of ls gives a list or is refused', () => {
  const run = {
    directory: 'a',
    config: defaults,
    summary: null,
    record: record('a'),
    status: 'stale',
    damage: [],
  } as const;
  const listed = {
    run,
    name: 'a',
    sweep: null,
    arm: null,
    data: 'MNIST',
    step: 1,
    totalSteps: 2,
    valAccuracy: null,
    testAccuracy: 0.5,
  };
  const condition = fc
    .tuple(key, fc.constantFrom('=', '!=', '<', '<=', '>', '>=', ''), scalar)
    .map(([name, operator, value]) => `${name}${operator}${value}`);
  fc.assert(
    fc.property(key, condition, (name, wanted) => {
      readsOrRefuses(() => sortedBy([listed, listed], name, true));
      readsOrRefuses(() => filteredBy([listed], wanted));
    }),
    { examples: [['__proto__', '__proto__=1']] },
  );
});

test('any command line ends with an exit code and prints no stack', () => {
  const word = fc.oneof(
    fc.constantFrom(
      '--units',
      '--lr=',
      '--clip',
      'none',
      '--seed',
      '--config',
      '--runs',
      '--json',
      '--bogus',
      '-x',
      '--',
    ),
    fc.constantFrom(
      'ls',
      'show',
      'verify',
      'compare',
      'plot',
      '--sort',
      '--filter',
      '--columns',
      '--pair',
      'help',
      '--x',
      '--smooth',
    ),
    scalar.map(String).filter((text) => !text.includes('\0')),
  );
  const lines = fc.sample(fc.array(word, { maxLength: 4 }), { seed: 20261127, numRuns: 6 });
  mkdirSync(join(folder, 'empty'));
  for (const line of lines) {
    const argv = [
      join(packageRoot, 'bin/wnlstm.js'),
      ...(line[0]?.startsWith('-') ? ['train', '--print-config'] : []),
      ...line,
    ];
    const { status, signal, stderr } = spawnSync(process.execPath, argv, {
      cwd: join(folder, 'empty'),
      encoding: 'utf8',
      timeout: 30_000,
    });
    assert.ok(status === 0 || status === 2, `${JSON.stringify(line)}: ${status} ${signal} ${stderr}`);
    assert.doesNotMatch(stderr, /\n\s+at /, JSON.stringify(line));
  }
});
