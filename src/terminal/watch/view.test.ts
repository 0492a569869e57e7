/** @file The screen: its parts at 80 and 60 columns, and that it fits every terminal. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Chalk } from 'chalk';
import type { Watched } from '../../results/watched.js';
import { visibleLength } from '../../text/printable.js';
import type { WatchState } from './state.js';
import { LEAST, layoutOf, screenLines } from './view.js';
import { twoArms, watchedOf, watchedRun } from './watched.testing.js';

const start: WatchState = {
  column: 'loss',
  arm: null,
  sort: 'started',
  reverse: false,
  top: 0,
  help: false,
};
const plain = { title: 'runs', color: new Chalk({ level: 0 }) };

function screen(watched: Watched, columns: number, rows: number, state: Partial<WatchState> = {}): string[] {
  return screenLines(watched, { ...start, ...state }, { columns, rows }, plain);
}

test('at 80 columns the screen has counts, curves, a legend, and a table with bars', () => {
  const lines = screen(twoArms(2), 80, 24);
  assert.equal(lines[0], 'wnlstm watch  runs');
  assert.equal(lines[1], '2 of 6 runs finished  2 running  2 waiting  ETA 2 min 31 s');
  assert.equal(lines[2]?.trim(), 'training loss, mean over seeds');
  assert.deepEqual(lines.slice(-7), [
    '* base  o wn clip=0.5',
    '  arm          seed  status       progress                    ETA   val %',
    '* base            0  completed    ━━━━━━━━━━━━ 100 %            -   94.50',
    'o wn clip=0.5     0  running      ━━━━━━──────  50 %       50.0 s   92.00',
    '* base            1  completed    ━━━━━━━━━━━━ 100 %            -   94.50',
    'o wn clip=0.5     1  running      ━━━━━───────  49 %       51.0 s   91.50',
    `${'q leave  ? keys  c column  a arm  s sort: started  r reverse'.padEnd(74)}4 runs`,
  ]);
  assert.ok(lines.some((text) => /│.*\*/.test(text)) && lines.some((text) => /│.*o/.test(text)));
});

test('at 60 columns the table has no bars, and long names are shortened in the middle', () => {
  const runs = [watchedRun('wn units=32 lr=0.02 clip=0.5', 0, 1000), watchedRun('base', 0, 10)];
  const lines = screen(watchedOf(runs), 60, 20);
  assert.deepEqual(lines.slice(-4, -1), [
    '  arm               seed  status        done     ETA   val %',
    'o base                 0  running        1 %       -       -',
    '* wn units…lip=0.5     0  completed    100 %       -   94.50',
  ]);
});

test('a chosen arm has a curve and a row for each run', () => {
  const lines = screen(twoArms(3), 80, 24, { arm: 'wn clip=0.5', sort: 'val', reverse: true });
  assert.equal(lines[0], 'wnlstm watch  runs  arm wn clip=0.5');
  assert.equal(lines[2]?.trim(), 'training loss');
  const table = lines.slice(-5, -1).map((line) => line.slice(0, 21).trim());
  assert.deepEqual(table, [
    'arm          seed',
    '* wn clip=0.5     0',
    'o wn clip=0.5     1',
    '+ wn clip=0.5     2',
  ]);
  assert.ok(lines.includes('* seed 0  o seed 1  + seed 2'));
});

test('a table that does not fit is scrolled, and the last line says where', () => {
  const watched = twoArms(9);
  const { table } = layoutOf(24, 18, false);
  const [first, second] = [0, 4].map((top) => screen(watched, 80, 24, { top })) as [string[], string[]];
  assert.ok(table < 18);
  assert.match(first.at(-1)!, new RegExp(` 1–${table} of 18$`));
  assert.match(second.at(-1)!, new RegExp(` 5–${4 + table} of 18$`));
  assert.equal(second.at(-1 - table), first.at(-1 - table + 4));
  assert.match(screen(watched, 80, 24, { top: 99 }).at(-1)!, / 18 of 18$|–18 of 18$/);
});

test('a column without values says so, and the table stays', () => {
  const lines = screen(watchedOf([watchedRun('wn', 0, 20)]), 80, 24, {
    column: 'val_loss',
  });
  assert.equal(lines[2], 'There is no value of validation loss yet.');
  assert.match(lines.at(-2)!, /^\* wn +0 +running/);
});

test('without runs, the screen says where they will appear, and how many are planned', () => {
  const text = (waiting: number): string => screen(watchedOf([], waiting), 60, 20).join(' ');
  assert.match(text(0), /There are no runs in runs yet\. They appear here when they start\./);
  assert.match(text(3), /yet\. 3 planned runs wait\. They appear/);
});

test('a terminal that is too small says the least size', () => {
  for (const [columns, rows] of [
    [LEAST.columns - 1, 40],
    [200, LEAST.rows - 1],
    [10, 5],
    [1, 1],
  ] as const) {
    const lines = screen(twoArms(2), columns, rows);
    assert.equal(lines.length, rows);
    if (rows > 4) assert.ok(lines.join(' ').replace(/\s+/g, ' ').includes('50 x 16') || columns < 10);
  }
});

test('damage is one line, whatever is in it', () => {
  const watched = { ...twoArms(1), damage: ['a\nb\x1b[2J', 'other'] };
  const lines = screen(watched, 80, 24);
  assert.equal(lines[2], 'a\\nb\\u001b[2J 1 more problem: see wnlstm ls.');
  assert.equal(lines.length, 24);
});

test('the screen has as many lines as the terminal, none longer than it', () => {
  const names = [
    'wn',
    'base units=8 lr=0.00001 batch=32 forgetBias=0 optimizer=sgd epochs=12',
    'a\x1b[2J\nb',
  ];
  const runs = names.flatMap((name) => [0, 1, 2, 3].map((seed) => watchedRun(name, seed, 10 + 330 * seed)));
  for (const count of [0, 1, 2, 12]) {
    for (const damage of [[], ['x'.repeat(300)]]) {
      const watched = { ...watchedOf(runs.slice(0, count), 7), damage };
      for (const columns of [1, 20, 49, 50, 51, 59, 60, 66, 72, 80, 100, 200]) {
        for (const rows of [1, 2, 5, 15, 16, 17, 24, 40, 90]) {
          for (const state of [
            {},
            { help: true },
            { arm: 'wn' },
            { top: 5, column: 'val_accuracy' as const },
          ]) {
            const lines = screen(watched, columns, rows, state);
            assert.equal(lines.length, rows);
            for (const line of lines)
              assert.ok(line.length <= columns && !line.includes('\n'), `${columns} x ${rows}: ${line}`);
          }
        }
      }
    }
  }
});

test('colours change no text', () => {
  const color = new Chalk({ level: 1 });
  const watched = twoArms(3);
  const colored = screenLines(watched, start, { columns: 80, rows: 24 }, { title: 'runs', color });
  const expected = screen(watched, 80, 24);
  const codes = new RegExp(`${'\\x1b'}\\[[0-9;]*m`, 'g');
  assert.deepEqual(
    colored.map((line) => line.replace(codes, '')),
    expected,
  );
  assert.deepEqual(
    colored.map(visibleLength),
    expected.map(({ length }) => length),
  );
});
