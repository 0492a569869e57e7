/** @file `wnlstm watch` in a real terminal: it reacts to keys, and leaves the terminal as it was, however it ends. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../package.js';
import { add, fresh } from '../runs/run.testing.js';
import { inTerminal, noTerminal } from './terminal.testing.js';

const runs = fresh();
add(runs, 'wn-s0-12345678');
const command = [process.execPath, join(packageRoot, 'bin/wnlstm.js'), 'watch', '--runs', runs];

const ENTERED = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const LEFT = '\x1b[?7h\x1b[?25h\x1b[?1049l';

for (const [how, answer, expected] of [
  ['q', 'q', 0],
  ['Ctrl-C', '\x03', 130],
  ['SIGINT', 'SIGINT', 130],
  ['SIGTERM', 'SIGTERM', 143],
  ['SIGHUP', 'SIGHUP', 129],
] as const) {
  test(`${how} restores the screen, the cursor and the settings of the terminal`, {
    skip: noTerminal,
  }, async () => {
    const { code, seen, restored } = await inTerminal(command, { answers: [['q leave', answer]] });
    assert.ok(seen.startsWith(ENTERED) && seen.endsWith(LEFT), JSON.stringify(seen));
    assert.equal(restored, true);
    assert.equal(code, expected);
  });
}

for (const [how, answer, expected] of [
  ['Ctrl-Z', '\x1a', LEFT + ENTERED],
  ['SIGTSTP', 'SIGTSTP', LEFT + ENTERED],
  ['SIGCONT', 'SIGCONT', ENTERED],
] as const) {
  test(`${how} gives the terminal to the shell, and draws again`, { skip: noTerminal }, async () => {
    const { code, seen, restored } = await inTerminal(command, {
      answers: [
        ['q leave', answer],
        ['q leave', 'q'],
      ],
    });
    assert.ok(seen.slice(1).includes(expected), JSON.stringify(seen));
    assert.ok(seen.endsWith(LEFT));
    assert.deepEqual([code, restored], [0, true]);
  });
}

test('without a keyboard, Ctrl-C ends it', { skip: noTerminal }, async () => {
  const words = ['sh', '-c', 'exec "$0" "$@" </dev/null', ...command];
  const { code, seen, restored } = await inTerminal(words, { answers: [['q leave', '\x03']] });
  assert.ok(seen.endsWith(LEFT), JSON.stringify(seen));
  assert.deepEqual([code, restored], [130, true]);
});

test('it ends when its terminal is closed', { skip: noTerminal }, async () => {
  assert.equal((await inTerminal(command, { closeAfter: 'q leave' })).code, 129);
});

test('keys change the screen, and only the lines that differ are written', { skip: noTerminal }, async () => {
  const { code, seen } = await inTerminal(command, {
    answers: [
      ['value of training loss', 'c'],
      ['value of training accuracy', '\x1b[D'], // the arrow to the left
      ['value of training loss', '?'],
      ['next or previous column', 'x'],
      ['value of training loss', 'q'],
    ],
  });
  assert.equal(code, 0);
  const [, drawn = ''] = seen.split('value of training accuracy');
  const [change = ''] = drawn.split('Keys of');
  assert.match(change, /value of training loss yet\./);
  assert.doesNotMatch(change, /finished|completed/);
});

test('with --once, and on a terminal without escape codes, it prints the runs and exits', {
  skip: noTerminal,
}, async () => {
  for (const { code, seen } of [
    await inTerminal([...command, '--once'], { env: { NO_COLOR: '1' } }),
    await inTerminal(command, { env: { TERM: 'dumb', NO_COLOR: '1' } }),
  ]) {
    assert.equal(code, 0);
    assert.ok(!seen.includes('\x1b'), JSON.stringify(seen));
    assert.match(seen, /^\* wn +0 +completed/m);
  }
});
