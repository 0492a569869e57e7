/** @file Laws of fingerprints and run ids. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Config, type ConfigKey, configKeys } from '../config.js';
import { FORMAT, fingerprintOf, runId } from './record.js';
import { checksums, defaults } from './run.testing.js';

test('a fingerprint has 64 hex digits, and equal configs and data have the same one', () => {
  assert.match(fingerprintOf(defaults, 'a', checksums), /^[0-9a-f]{64}$/);
  assert.equal(
    fingerprintOf({ ...defaults }, 'a', { ...checksums }),
    fingerprintOf(defaults, 'a', checksums),
  );
});

test('a fingerprint is the same in all versions of the program with this file format', () => {
  assert.equal(FORMAT, 2);
  assert.equal(
    fingerprintOf(defaults, 'a', checksums),
    '9b4aeea687537592431a9250209778b3a970649dccbfbd0b2a12343fa89a4032',
  );
});

test('a fingerprint does not depend on the order of keys', () => {
  const reversed = Object.fromEntries(Object.entries(defaults).reverse()) as Config;
  assert.equal(fingerprintOf(reversed, 'a', checksums), fingerprintOf(defaults, 'a', checksums));
  assert.equal(
    fingerprintOf(defaults, 'a', { labels: 'b2', images: 'a1' }),
    fingerprintOf(defaults, 'a', checksums),
  );
});

test('a fingerprint does not depend on seed, backend, device, threads and data folder, but on every other key', () => {
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
  const fingerprints = configKeys.map((key) => {
    assert.notDeepEqual(others[key], defaults[key], key);
    const fingerprint = fingerprintOf({ ...defaults, [key]: others[key] }, 'a', checksums);
    assert.equal(fingerprint === same, ignored.includes(key), key);
    return fingerprint;
  });
  assert.equal(new Set(fingerprints).size, configKeys.length - ignored.length + 1);
});

test('a fingerprint depends on the arithmetic', () => {
  assert.notEqual(fingerprintOf(defaults, 'b', checksums), fingerprintOf(defaults, 'a', checksums));
});

test('a fingerprint depends on the checksums and the names of the data files', () => {
  const others = [
    checksums,
    { ...checksums, labels: 'b3' },
    { images: 'b2', labels: 'a1' },
    { images: 'a1' },
  ];
  assert.equal(new Set(others.map((data) => fingerprintOf(defaults, 'a', data))).size, others.length);
});

test('a run id consists of the model, the clip if there is one, the seed and eight digits of the fingerprint', () => {
  const fingerprint = '0123456789abcdef'.repeat(4);
  const id = (change: Partial<Config>): string => runId({ ...defaults, ...change }, fingerprint);
  assert.equal(id({}), 'wn-s0-01234567');
  assert.equal(id({ model: 'base', seed: 4294967295 }), 'base-s4294967295-01234567');
  assert.equal(id({ clip: 0.5 }), 'wn-clip0.5-s0-01234567');
  assert.equal(id({ clip: 1e-7 }), 'wn-clip1e-7-s0-01234567');
});
