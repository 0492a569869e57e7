/** @file Names of loose runs: no two groups have the same, and each says what the id of its runs says. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Config, resolveConfig } from '../config.js';
import { armNames, type RunGroup } from './arm-names.js';

function group(
  flags: Partial<Config>,
  { arithmetic = 'a', directory = null as string | null, sha256 = '0' } = {},
): RunGroup {
  return {
    config: resolveConfig(flags).config,
    record: { arithmetic, data: { directory, classes: 10, checksums: { train: sha256 } } },
  };
}

test('arms without a plan are named by what tells them apart', () => {
  const groups = [group({ model: 'base' }), group({ clip: 0.5 }), group({})];
  assert.deepEqual(armNames(groups), ['base', 'wn clip=0.5', 'wn']);
  assert.deepEqual(armNames([group({}), group({ lr: 0.01 })]), ['wn lr=0.1', 'wn lr=0.01']);
  assert.deepEqual(armNames([group({}), group({}, { arithmetic: 'b' })]), ['wn (a)', 'wn (b)']);
});

test('the name of a clipped run says so, also where it is alone', () => {
  assert.deepEqual(armNames([group({ clip: 0.5 })]), ['wn clip=0.5']);
  assert.deepEqual(armNames([group({ clip: 0.5 }), group({ clip: 0.5, lr: 1 })]), [
    'wn lr=0.1 clip=0.5',
    'wn lr=1 clip=0.5',
  ]);
  assert.deepEqual(armNames([group({})]), ['wn']);
});

test('of steps and epochs a name has the one that counts', () => {
  assert.deepEqual(armNames([group({ epochs: 2 }), group({ steps: 300 }), group({})]), [
    'wn epochs=2',
    'wn steps=300',
    'wn epochs=5',
  ]);
  const twins = armNames([group({ steps: 300, epochs: 1 }), group({ steps: 300 })]);
  assert.deepEqual(twins, ['wn epochs=1 steps=300', 'wn epochs=5 steps=300']);
});

test('arms of different data sets name them by their folders, and never alike', () => {
  const on = (directory: string | null, sha256: string): RunGroup => group({}, { directory, sha256 });
  assert.deepEqual(armNames([on(null, '0'), on('/sets/letters', '1')]), ['wn data=mnist', 'wn data=letters']);
  assert.deepEqual(armNames([on('/a/digits', '0'), on('/b/digits', '1')]), [
    'wn data=/a/digits',
    'wn data=/b/digits',
  ]);
  const changed = armNames([on('/a/digits', '0'), on('/a/digits', '1')]);
  assert.deepEqual(changed, ['wn data=/a/digits (1)', 'wn data=/a/digits (2)']);
  assert.deepEqual(armNames([on('/a/digits', '0'), on('/b/copy', '0')]), ['wn', 'wn']); // one fingerprint: one group
});

test('a name says what is not the most common value, and nothing of clipping where nothing is clipped', () => {
  const groups = [
    group({}),
    group({ units: 32 }),
    group({ model: 'base', lr: 0.02, clipMode: 'value' }),
    group({ clip: 0.5, optimizer: 'sgd' }),
    group({ clip: 1 }, { arithmetic: 'b' }),
    group({ clip: 1, clipMode: 'value' }),
    group({ clip: 2 }),
  ];
  assert.deepEqual(armNames(groups), [
    'wn',
    'wn units=32',
    'base lr=0.02',
    'wn clip=0.5 optimizer=sgd',
    'wn clip=1 (b)',
    'wn clip=1 clipMode=value',
    'wn clip=2',
  ]);
});

test('groups that differ only in what has no effect are not called alike', () => {
  const groups = [group({ clipMode: 'value' }), group({}), group({ model: 'base' })];
  assert.deepEqual(armNames(groups), ['wn clipMode=value', 'wn clipMode=norm', 'base']);
});
