/** @file `auto` goes on with what was begun, or says why it does not. */

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

test('auto goes on with the backend that began the run', async () => {
  const run = await stopEarly();
  const { choice, note } = await chooseForRun(autoOf(run), checksums, dirname(run));
  assert.deepEqual([choice.backend, note], ['js', null]);
  assert.equal(choice.why, `${run} was begun with it`);
  const other = await chooseForRun({ ...autoOf(run), lr: 0.5 }, checksums, dirname(run));
  assert.notEqual(other.choice.backend, 'js', 'another config is another run');
  const wasm = await chooseForRun({ ...autoOf(run), backend: 'wasm' }, checksums, dirname(run));
  assert.deepEqual([wasm.choice.backend, wasm.note], ['wasm', null], 'what is asked for is done');
});

test('a run that cannot be continued here is named, with the reason', async () => {
  const run = await stopEarly();
  edit(join(run, 'config.json'), (text) => text.replace('"js"', '"tensorflow"').replace('"cpu"', '"cuda"'));
  edit(join(run, 'run.json'), (text) =>
    text
      .replace('"backend": "js"', '"backend": "tensorflow"')
      .replace('"arithmetic": "js"', '"arithmetic": "tf"'),
  );
  const { choice, note } = await chooseForRun(autoOf(run), checksums, dirname(run));
  assert.notEqual(choice.backend, 'tensorflow');
  assert.match(String(note), /was begun with tensorflow and is not continued: \w.{20,}/);
  assert.ok(note?.startsWith(run));
});

test('a run of earlier arithmetic is not continued, and that is said', async () => {
  const run = await stopEarly();
  edit(join(run, 'run.json'), (text) => text.replace('"arithmetic": "js"', '"arithmetic": "js-0"'));
  const { note } = await chooseForRun(autoOf(run), checksums, dirname(run));
  assert.match(String(note), /computed with the arithmetic js-0, js computes with js\.$/);
});
