/** @file Only names that are similar are suggested. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configKeys } from '../config.js';
import { nearest } from './nearest.js';

test('a name with few wrong letters, or a shortened name, has a nearest name', () => {
  for (const [name, meant] of [
    ['unit', 'units'],
    ['unitz', 'units'],
    ['LR', 'lr'],
    ['optimiser', 'optimizer'],
    ['clip-mode', 'clipMode'],
    ['log', 'logEvery'],
    ['bacth', 'batch'],
  ]) {
    assert.equal(nearest(name!, configKeys), ` (nearest: ${meant})`);
  }
  assert.equal(
    nearest('unit', configKeys, (key) => `--${key}`),
    ' (nearest: --units)',
  );
});

test('a name that is similar to no known name has no nearest name', () => {
  for (const name of ['foo', 'x', 'learning_rate', '']) assert.equal(nearest(name, configKeys), '');
  assert.equal(nearest('foo', ['loss', 'accuracy']), '');
  assert.equal(nearest('foo', []), '');
});
