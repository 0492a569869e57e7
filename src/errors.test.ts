/** @file The messages of errors for users. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from './errors.js';

test('control characters in a message are escaped, so that it is one line and cannot control the terminal', () => {
  const { message } = new UserError('E_RUN', 'run.json: unexpected "a\n\tb\u001b[2J\u009b\u2028".');
  assert.equal(message, 'run.json: unexpected "a\\n\\u0009b\\u001b[2J\\u009b\\u2028".');
});
