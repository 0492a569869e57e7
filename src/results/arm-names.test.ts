/** @file Laws of arm names: they are unique, and contain the keys in which the arms differ. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Config, resolveConfig } from '../config.js';
import { type ArmSample, armNames } from './arm-names.js';

function namesOf(samples: readonly ArmSample[]): string[] {
  return [...armNames(samples).values()];
}

function sample(
  flags: Partial<Config>,
  { arithmetic = 'a', directory = null as string | null, sha256 = '0' } = {},
): ArmSample {
  return {
    config: resolveConfig(flags).config,
    record: { arithmetic, data: { directory, classes: 10, checksums: { train: sha256 } } },
  };
}

test('a name contains the keys in which arms differ', () => {
  const samples = [sample({ model: 'base' }), sample({ clip: 0.5 }), sample({})];
  assert.deepEqual(namesOf(samples), ['base', 'wn clip=0.5', 'wn']);
  assert.deepEqual(namesOf([sample({}), sample({ lr: 0.01 })]), ['wn lr=0.1', 'wn lr=0.01']);
  assert.deepEqual(namesOf([sample({}), sample({}, { arithmetic: 'b' })]), ['wn (a)', 'wn (b)']);
});

test('the name of a clipped arm contains the clip, even if it is the only arm', () => {
  assert.deepEqual(namesOf([sample({ clip: 0.5 })]), ['wn clip=0.5']);
  assert.deepEqual(namesOf([sample({ clip: 0.5 }), sample({ clip: 0.5, lr: 1 })]), [
    'wn lr=0.1 clip=0.5',
    'wn lr=1 clip=0.5',
  ]);
  assert.deepEqual(namesOf([sample({})]), ['wn']);
});

test('a name contains either steps or epochs, the one in effect', () => {
  assert.deepEqual(namesOf([sample({ epochs: 2 }), sample({ steps: 300 }), sample({})]), [
    'wn epochs=2',
    'wn steps=300',
    'wn epochs=5',
  ]);
  const similar = namesOf([sample({ steps: 300, epochs: 1 }), sample({ steps: 300 })]);
  assert.deepEqual(similar, ['wn epochs=1 steps=300', 'wn epochs=5 steps=300']);
});

test('arms with different data sets have unique names with their folders', () => {
  const on = (directory: string | null, sha256: string): ArmSample => sample({}, { directory, sha256 });
  assert.deepEqual(namesOf([on(null, '0'), on('/sets/letters', '1')]), ['wn data=mnist', 'wn data=letters']);
  assert.deepEqual(namesOf([on('/a/digits', '0'), on('/b/digits', '1')]), [
    'wn data=/a/digits',
    'wn data=/b/digits',
  ]);
  const changed = namesOf([on('/a/digits', '0'), on('/a/digits', '1')]);
  assert.deepEqual(changed, ['wn data=/a/digits (1)', 'wn data=/a/digits (2)']);
  assert.deepEqual(namesOf([on('/a/digits', '0'), on('/b/copy', '0')]), ['wn', 'wn']); // the data is the same, so these samples belong to one arm
});

test('a name contains values other than the most common one, and clipMode only with a clip', () => {
  const samples = [
    sample({}),
    sample({ units: 32 }),
    sample({ model: 'base', lr: 0.02, clipMode: 'value' }),
    sample({ clip: 0.5, optimizer: 'sgd' }),
    sample({ clip: 1 }, { arithmetic: 'b' }),
    sample({ clip: 1, clipMode: 'value' }),
    sample({ clip: 2 }),
  ];
  assert.deepEqual(namesOf(samples), [
    'wn',
    'wn units=32',
    'base lr=0.02',
    'wn clip=0.5 optimizer=sgd',
    'wn clip=1 (b)',
    'wn clip=1 clipMode=value',
    'wn clip=2',
  ]);
});

test('arms that differ only in keys without effect have different names', () => {
  const samples = [sample({ clipMode: 'value' }), sample({}), sample({ model: 'base' })];
  assert.deepEqual(namesOf(samples), ['wn clipMode=value', 'wn clipMode=norm', 'base']);
});
