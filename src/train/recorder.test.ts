/** @file What is written down, and by whom. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { thisProcess } from '../runs/owner.js';
import { trainTiny } from './tiny-run.testing.js';

/** Every file below a folder, with its content. */
const contents = (directory: string): Map<string, string> =>
  new Map(
    readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .map((name) => join(directory, name))
      .filter((path) => statSync(path).isFile())
      .map((path): [string, string] => [path, readFileSync(path, 'latin1')]),
  );

test('a process that has lost its run to another writes nothing more to it', async () => {
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
