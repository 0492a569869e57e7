/** @file The error that users see. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from './errors.js';

test('a message is one line and steers no terminal, whatever it quotes', () => {
  const { message } = new UserError('E_RUN', 'run.json: unexpected "a\n\tb\u001b[2J\u009b\u2028".');
  assert.equal(message, 'run.json: unexpected "a\\n\\u0009b\\u001b[2J\\u009b\\u2028".');
});
