/** @file `wnlstm extend` takes the total length of the longer run, or what is added. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertRefused, freshFolder, onlyRun, train, wnlstm } from '../end-to-end/cli.testing.js';

const runs = freshFolder();
assert.equal(train(runs, '--epochs', '1').code, 0);
const run = onlyRun(runs);

function extended(...args: string[]): { readonly dir: string; readonly steps: number } {
  const { code, out, err } = wnlstm('extend', run, ...args, '--json');
  assert.equal(code, 0, err);
  return JSON.parse(out);
}

test('a length with a plus is added to that of the run', () => {
  const total = extended('--epochs', '3');
  assert.deepEqual(extended('--epochs', '+2'), total);
  const steps = total.steps / 3;
  assert.equal(extended('--steps', '+5').steps, steps + 5);
  assert.equal(extended('--steps', String(steps + 5)).steps, steps + 5);
});

test('epochs and steps are added to a run whose length is in steps', () => {
  const { dir, steps } = extended('--steps', '+3');
  const perEpoch = steps - 3;
  for (const [length, expected] of [
    [['--steps', '+2'], steps + 2],
    [['--epochs', '+1'], steps + perEpoch],
    [['--epochs', '4'], 4 * perEpoch],
  ] as const)
    assert.equal(JSON.parse(wnlstm('extend', dir, ...length, '--json').out).steps, expected);
});

test('a longer run that exists is shown, without advice that extend cannot follow', () => {
  extended('--epochs', '2');
  const { code, out } = wnlstm('extend', run, '--epochs', '2');
  assert.equal(code, 0);
  assert.match(out, /already completed/);
  assert.doesNotMatch(out, /--force/);
});

test('a length that does not grow, or is no number, is refused', () => {
  for (const [length, message] of [
    [[], /Expected either --epochs or --steps/],
    [['--epochs', '1'], /Expected more than the \d+ steps .*\nhint .*--epochs \+5/],
    [['--epochs', '+0'], /Expected more than the/],
    [['--epochs', '+'], /epochs/],
    [['--steps', 'none'], /Expected more than the/],
    [['--epochs', '3', '--steps', '9'], /Expected either/],
  ] as const)
    assertRefused(wnlstm('extend', run, ...length), message);
});

test('diff says that only the longer run has the later rows', () => {
  const { dir, steps } = extended('--epochs', '2');
  assert.match(
    wnlstm('diff', run, dir).out,
    new RegExp(`metrics\\.csv: first difference at step ${steps}: only b has a row\\n`),
  );
});
