/** @file Laws of the recorder: only the process that holds the lock of a run writes to it. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { UserError } from '../errors.js';
import { listCheckpoints, readCheckpoint, writeCheckpoint } from '../runs/checkpoint.js';
import { thisProcess } from '../runs/owner.js';
import { defaults, fresh, record, storedSummary } from '../runs/run.testing.js';
import { openRecorder } from './recorder.js';
import { trainTiny } from './tiny-run.testing.js';

/** Every file below a folder, with its contents. */
function contents(directory: string): Map<string, string> {
  return new Map(
    readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .map((name) => join(directory, name))
      .filter((path) => statSync(path).isFile())
      .map((path): [string, string] => [path, readFileSync(path, 'latin1')]),
  );
}

test('a process that has lost its run to another one does not write to it', async () => {
  for (const at of ['step', 'epoch', 'checkpoint'] as const) {
    let before: Map<string, string> | undefined;
    const run = await trainTiny({}, (event, directory) => {
      if (before || event.kind !== at) return false;
      writeFileSync(join(directory, 'lock'), JSON.stringify({ ...thisProcess(), host: 'b', boot: '1' }));
      before = contents(directory);
      return false;
    });
    assert.ok(before);
    assert.deepEqual([...contents(run)], [...before], at);
  }
});

test('the lock is checked before each write, including those at the start and the end of a run', () => {
  const summary = { ...storedSummary('r'), dir: '' };
  const write = (directory: string, assertHeld: () => void): void =>
    openRecorder(directory, defaults, record('r'), 0, { assertHeld }).finish('completed', summary);
  let checks = 0;
  write(fresh(), () => void checks++);
  assert.equal(checks, 7);
  for (let lost = 1; lost <= checks; lost++) {
    const directory = fresh();
    let check = 0;
    const assertHeld = (): void => {
      if (++check === lost) throw new UserError('E_LOCKED', 'lost');
    };
    assert.throws(() => write(directory, assertHeld), { code: 'E_LOCKED' });
    assert.equal(contents(directory).size, Math.min(Math.max(lost - 2, 0), 5), `check ${lost}`);
  }
});

test('a checkpoint is not renamed into place if the run was taken over while it was written', async () => {
  const directory = join(await trainTiny({}), 'checkpoints');
  const [step] = listCheckpoints(directory).slice(-1);
  const before = [...contents(directory)];
  const assertHeld = (): void => {
    throw new UserError('E_LOCKED', 'lost');
  };
  const { progress, state } = readCheckpoint(directory, step!);
  const next = { progress: { ...progress, step: step! + 1 }, state };
  assert.throws(() => writeCheckpoint(directory, next, null, assertHeld), { code: 'E_LOCKED' });
  assert.deepEqual([...contents(directory)], before);
});
