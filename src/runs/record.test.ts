/** @file The identity of a run. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Config, type ConfigKey, configKeys } from '../config.js';
import { FORMAT, fingerprintOf, runId } from './record.js';
import { checksums, defaults } from './run.testing.js';

test('a fingerprint is 64 hex digits, the same for the same config and data', () => {
  assert.match(fingerprintOf(defaults, 'a', checksums), /^[0-9a-f]{64}$/);
  assert.equal(
    fingerprintOf({ ...defaults }, 'a', { ...checksums }),
    fingerprintOf(defaults, 'a', checksums),
  );
});

test('a fingerprint is the same in every version of the program with this format', () => {
  assert.equal(FORMAT, 2);
  assert.equal(
    fingerprintOf(defaults, 'a', checksums),
    '9b4aeea687537592431a9250209778b3a970649dccbfbd0b2a12343fa89a4032',
  );
});

test('a fingerprint ignores the order of keys', () => {
  const reversed = Object.fromEntries(Object.entries(defaults).reverse()) as Config;
  assert.equal(fingerprintOf(reversed, 'a', checksums), fingerprintOf(defaults, 'a', checksums));
  assert.equal(
    fingerprintOf(defaults, 'a', { labels: 'b2', images: 'a1' }),
    fingerprintOf(defaults, 'a', checksums),
  );
});

test('a fingerprint ignores the seed, what computes, and the folder of the data, and changes with every other key', () => {
  const others: Config = {
    model: 'base',
    units: 101,
    lr: 0.2,
    batch: 65,
    clip: 0.5,
    clipMode: 'value',
    columnNorm: 1,
    epochs: 6,
    steps: 7,
    seed: 8,
    forgetBias: 0,
    optimizer: 'sgd',
    logEvery: 11,
    backend: 'native',
    device: 'auto',
    threads: 3,
    data: '/elsewhere',
  };
  const ignored: ConfigKey[] = ['seed', 'backend', 'device', 'threads', 'data'];
  const same = fingerprintOf(defaults, 'a', checksums);
  const prints = configKeys.map((key) => {
    assert.notDeepEqual(others[key], defaults[key], key);
    const print = fingerprintOf({ ...defaults, [key]: others[key] }, 'a', checksums);
    assert.equal(print === same, ignored.includes(key), key);
    return print;
  });
  assert.equal(new Set(prints).size, configKeys.length - ignored.length + 1);
});

test('a fingerprint changes with the arithmetic', () => {
  assert.notEqual(fingerprintOf(defaults, 'b', checksums), fingerprintOf(defaults, 'a', checksums));
});

test('a fingerprint changes with the data, by content and by name', () => {
  const prints = [
    checksums,
    { ...checksums, labels: 'b3' },
    { images: 'b2', labels: 'a1' },
    { images: 'a1' },
  ];
  assert.equal(new Set(prints.map((data) => fingerprintOf(defaults, 'a', data))).size, prints.length);
});

test('a run id is model, clip if there is one, seed and the first eight digits of the fingerprint', () => {
  const print = '0123456789abcdef'.repeat(4);
  const id = (change: Partial<Config>): string => runId({ ...defaults, ...change }, print);
  assert.equal(id({}), 'wn-s0-01234567');
  assert.equal(id({ model: 'base', seed: 4294967295 }), 'base-s4294967295-01234567');
  assert.equal(id({ clip: 0.5 }), 'wn-clip0.5-s0-01234567');
  assert.equal(id({ clip: 1e-7 }), 'wn-clip1e-7-s0-01234567');
});
