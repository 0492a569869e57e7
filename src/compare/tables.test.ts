/** @file Laws of the tables of comparisons. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare } from './compare.js';
import { above, syntheticArm } from './comparison.testing.js';
import { comparisonTables, toGrid } from './tables.js';

const arms = [
  syntheticArm('base', Array(8).fill(0.5)),
  syntheticArm(
    'wn',
    above.map((value) => 0.5 + value),
  ),
  syntheticArm('clip', [0.6]),
];

const comparison = compare({
  arms,
  comparisons: [['wn', 'base']],
  exploratory: [
    ['wn', 'clip'],
    ['base', 'clip'],
  ],
  margin: 0.005,
  notes: [],
});

function headingsOf(compact: boolean): string[][] {
  return comparisonTables(comparison, { compact }).map((table) => toGrid(table)[0]!);
}

test('every row of a table has a cell for every column', () => {
  for (const compact of [false, true]) {
    for (const table of comparisonTables(comparison, { compact })) {
      const [head, ...rows] = toGrid(table);
      for (const row of rows) assert.equal(row.length, head!.length, table.title);
    }
  }
});

test('complete tables have all statistics', () => {
  assert.deepEqual(headingsOf(false), [
    ['arm', 'n', 'test accuracy %', 'validation loss', 'steps to 90/95/97 %', 'diverged', 'seconds'],
    ['comparison', 'seeds', 'points [95 % CI]', 'd_z', 'p', 'p (Holm)', 'verdict'],
    ['exploratory', 'seeds', 'points [95 % CI]', 'verdict'],
  ]);
});

test('compact tables have no unadjusted p, and divergence and a common reference arm only if they exist', () => {
  assert.deepEqual(headingsOf(true), [
    ['arm', 'n', 'test accuracy %', 'validation loss', 'steps to 90/95/97 %', 'seconds'],
    ['comparison', 'seeds', 'points [95 % CI]', 'd_z', 'p (Holm)', 'verdict'],
    ['exploratory: … − clip', 'seeds', 'points [95 % CI]', 'verdict'],
  ]);
  const names = comparisonTables(comparison, { compact: true }).map(({ rows }) =>
    rows.map(({ name }) => name),
  );
  assert.deepEqual(names, [['base', 'wn', 'clip'], ['wn − base'], ['wn', 'base']]);
});

test('empty tables are left out', () => {
  const alone = compare({ arms, comparisons: [], exploratory: [], margin: 0.005, notes: [] });
  assert.deepEqual(
    comparisonTables(alone).map(({ content }) => content),
    ['arm'],
  );
});
