/** @file Laws of `auto`: it continues an unfinished run with the same backend, or a note gives the reason why it does not. */

import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { type Config, parseConfig } from '../config.js';
import { readDataset } from '../data/mnist.js';
import { readConfig } from '../runs/reading.js';
import { chooseForRun } from './choose.js';
import { data, edit, trainTiny } from './tiny-run.testing.js';

const { checksums } = readDataset(data);

function stopEarly(): Promise<string> {
  return trainTiny({ backend: 'js' }, (event) => event.kind === 'step');
}

function autoOf(run: string): Config {
  return parseConfig({ ...readConfig(run), backend: 'auto', device: 'auto' }, 'test');
}

test('auto continues with the backend that started the run', async () => {
  const run = await stopEarly();
  const { choice, note } = await chooseForRun(autoOf(run), checksums, dirname(run));
  assert.deepEqual([choice.backend, note], ['js', null]);
  assert.equal(choice.why, `it started ${run}`);
  const other = await chooseForRun({ ...autoOf(run), lr: 0.5 }, checksums, dirname(run));
  assert.notEqual(other.choice.backend, 'js', 'another config is another run');
  const wasm = await chooseForRun({ ...autoOf(run), backend: 'wasm' }, checksums, dirname(run));
  assert.deepEqual([wasm.choice.backend, wasm.note], ['wasm', null], 'a backend that is named is used');
});

test('a note names a run that cannot continue on this machine, and the reason', async () => {
  const run = await stopEarly();
  edit(join(run, 'config.json'), (text) => text.replace('"js"', '"tensorflow"').replace('"cpu"', '"cuda"'));
  edit(join(run, 'run.json'), (text) =>
    text
      .replace('"backend": "js"', '"backend": "tensorflow"')
      .replace('"arithmetic": "js"', '"arithmetic": "tf"'),
  );
  const { choice, note } = await chooseForRun(autoOf(run), checksums, dirname(run));
  assert.notEqual(choice.backend, 'tensorflow');
  assert.match(String(note), /, which tensorflow started, is not continued: \w.{20,}/);
  assert.ok(note?.includes(run));
});

test('a run with other arithmetic is not continued, and a note says so', async () => {
  const run = await stopEarly();
  edit(join(run, 'run.json'), (text) => text.replace('"arithmetic": "js"', '"arithmetic": "js-0"'));
  const { note } = await chooseForRun(autoOf(run), checksums, dirname(run));
  assert.match(String(note), /computed with the arithmetic js-0, and js computes with js\.$/);
});
