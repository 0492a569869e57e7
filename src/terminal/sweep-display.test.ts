/** @file The table of a sweep fits its window and shows the state of every run. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Chalk } from 'chalk';
import type { Board, RunState } from '../sweep/board.js';
import { boardLines } from './sweep-display.js';

const plain = new Chalk({ level: 0 });

function boardOf(
  arms: readonly string[],
  seeds: number,
  state: (arm: string, seed: number) => RunState = () => ({ kind: 'waiting' }),
): Board {
  return {
    arms,
    seeds: Array.from({ length: seeds }, (_, seed) => seed),
    state,
    count: () => 0,
    steps: () => ({ total: 1, completed: 0, computed: 0 }),
    onEvent: () => {},
  };
}

const many = Array.from({ length: 45 }, (_, arm) => `base-rescaled global-norm rate-${arm}`);

test('each run has a cell with its state', () => {
  const states: RunState[] = [
    { kind: 'completed', valAccuracy: 0.97314 },
    { kind: 'completed', valAccuracy: 1 },
    { kind: 'running', fraction: 0.437 },
    { kind: 'waiting' },
    { kind: 'diverged' },
    { kind: 'failed' },
    { kind: 'interrupted' },
  ];
  const board = boardOf(['wn'], states.length, (_, seed) => states[seed]!);
  assert.deepEqual(boardLines(board, { rows: 10, columns: 80 }, plain), [
    'val % by seed     0     1     2     3     4     5     6',
    'wn            97.31 100.0  …43%     ·   NaN  fail  stop',
  ]);
});

test('the table fits the window, with many arms, many seeds and long names', () => {
  for (const seeds of [1, 8, 30, 200]) {
    for (const columns of [60, 80, 200]) {
      const lines = boardLines(boardOf(many, seeds), { rows: 12, columns }, plain);
      assert.ok(lines.length <= 12);
      for (const line of lines) assert.ok(line.length < columns, `${seeds} seeds, ${columns}: ${line}`);
      assert.equal(lines.at(-1), '… and 35 more arms');
    }
  }
});

test('the arms that are running are shown', () => {
  const board = boardOf(many, 8, (arm) =>
    arm === many[30] ? { kind: 'running', fraction: 0 } : { kind: 'waiting' },
  );
  assert.match(boardLines(board, { rows: 12, columns: 80 }, plain).join('\n'), /rate-30/);
});

test('shortened names keep their ends and remain different', () => {
  const lines = boardLines(boardOf(many, 8), { rows: 12, columns: 76 }, plain).slice(1, -1);
  assert.equal(new Set(lines).size, lines.length);
});
