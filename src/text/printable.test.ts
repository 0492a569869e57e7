/** @file Text from files cannot control the terminal. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printable } from './printable.js';

test('escape sequences and control characters are replaced; text, line breaks and colours stay', () => {
  for (const text of ['plain', 'a\tb\nc', 'ä − ± ━ 数', '\x1b[1mbold\x1b[22m', '\x1b[38;5;1mred\x1b[0m']) {
    assert.equal(printable(text), text);
  }
  for (const text of [
    '\x1b[2J', // clears the screen
    '\x1b]0;title\x07',
    '\x1b[6n', // asks for the position of the cursor
    '\x1b[?25l',
    '\x1bc',
    '\rhidden',
    '\b\b',
    '\x9b2J',
    '\x7f',
    '\0',
  ]) {
    const shown = printable(text);
    assert.notEqual(shown, text);
    assert.ok(
      ![...shown].some((letter) => letter < ' ' || (letter >= '\x7f' && letter <= '\x9f')),
      JSON.stringify(shown),
    );
  }
});
