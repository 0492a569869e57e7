/** @file What keys do. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { afterKey, KEYS, sorts, type WatchState, watchColumns } from './state.js';

const start: WatchState = {
  column: 'loss',
  arm: null,
  sort: 'started',
  reverse: false,
  top: 0,
  help: false,
};
const choices = { arms: ['base', 'wn'], rows: 30, page: 10 };

function after(keys: readonly string[], from = start): WatchState {
  return keys.reduce((state, key) => afterKey(state, key, choices), from);
}

test('columns, arms and orders are chosen in a circle, forwards and backwards', () => {
  const visited = watchColumns.map((_, count) => after(Array.from({ length: count }, () => 'c')).column);
  assert.deepEqual(visited, watchColumns);
  assert.equal(after(watchColumns.map(() => 'right')).column, 'loss');
  assert.equal(after(['left']).column, watchColumns.at(-1));
  assert.deepEqual(
    [['a'], ['a', 'a'], ['a', 'a', 'a'], ['A'], ['a', 'escape']].map((keys) => after(keys).arm),
    ['base', 'wn', null, 'wn', null],
  );
  assert.deepEqual(
    sorts.map((_, count) => after(Array.from({ length: count }, () => 's')).sort),
    sorts,
  );
  assert.equal(after(['S']).sort, sorts.at(-1));
  assert.deepEqual([after(['r']).reverse, after(['r', 'r']).reverse], [true, false]);
});

test('a column or an arm that is not in the list is followed by the first one', () => {
  assert.equal(after(['c'], { ...start, column: 'elapsed_seconds' }).column, 'loss');
  assert.equal(after(['a'], { ...start, arm: 'removed' }).arm, null);
});

test('the table scrolls by rows and by pages, and not beyond its ends', () => {
  const tops = ['up', 'down', 'j', 'k', 'pagedown', 'space', 'pagedown', 'pageup', 'end', 'down', 'home'];
  let state = start;
  const visited = tops.map((key) => {
    state = afterKey(state, key, choices);
    return state.top;
  });
  assert.deepEqual(visited, [0, 1, 2, 1, 11, 20, 20, 10, 20, 20, 0]);
  assert.equal(afterKey(start, 'G', { ...choices, rows: 5 }).top, 0);
});

test('another choice of runs or another order starts at the first row', () => {
  for (const key of ['a', 'A', 's', 'S', 'r', 'escape']) {
    assert.equal(after([key], { ...start, top: 7, arm: 'base' }).top, 0, key);
  }
  assert.equal(after(['c'], { ...start, top: 7 }).top, 7);
});

test('while the keys are shown, every key only hides them', () => {
  const help = after(['?']);
  assert.equal(help.help, true);
  for (const key of ['?', 'a', 'c', 'x', 'escape']) assert.deepEqual(after([key], help), start);
});

test('an unknown key changes nothing', () => {
  for (const key of ['x', '', 'f1', 'ctrl-l', 'return']) assert.equal(after([key]), start);
});

test('every key in the list of keys has an effect', () => {
  const names = new Map([
    ['→', 'right'],
    ['←', 'left'],
    ['Esc', 'escape'],
    ['↑', 'up'],
    ['↓', 'down'],
    ['PgUp', 'pageup'],
    ['PgDn', 'pagedown'],
    ['Space', 'space'],
    ['Home', 'home'],
    ['End', 'end'],
  ]);
  const middle: WatchState = { ...start, top: 7, arm: 'base' };
  const ofScreen = ['leave', 'suspend'];
  for (const [keys] of KEYS.filter(([, meaning]) => !ofScreen.includes(meaning))) {
    for (const key of keys.split(/, | or | /)) {
      assert.notDeepEqual(after([names.get(key) ?? key], middle), middle, key);
    }
  }
});
