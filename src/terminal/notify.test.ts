/** @file The command of --notify gets the outcome, and cannot change it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Chalk } from 'chalk';
import type { Io } from './io.js';
import { notify } from './notify.js';

const skip = process.platform === 'win32' ? 'needs a POSIX shell' : false;

/** What a command prints, as `notify` passes it on. */
function printed(command: string | undefined): string[] {
  const lines: string[] = [];
  const io = {
    err: (line: string) => void lines.push(line),
    errColor: new Chalk({ level: 0 }),
  } as unknown as Io;
  notify(command, { STATUS: 'completed', DIR: 'runs/a b', VAL_ACCURACY: 0.5, TEST_ACCURACY: null }, io);
  return lines;
}

test('the command gets the outcome in variables, and its output is printed', { skip }, () => {
  const command =
    'printf "%s|" "$WNLSTM_STATUS" "$WNLSTM_DIR" "$WNLSTM_VAL_ACCURACY" "$WNLSTM_TEST_ACCURACY"';
  assert.deepEqual(printed(command), ['completed|runs/a b|0.5||']);
});

test('a command that fails is a note, and without a command nothing happens', { skip }, () => {
  assert.deepEqual(printed('echo no >&2; exit 3'), [
    'no',
    'note The command of --notify failed: its exit code is 3.',
  ]);
  assert.match(printed('kill -9 $$').join(), /it was ended by SIGKILL/);
  assert.deepEqual(printed(undefined), []);
});
