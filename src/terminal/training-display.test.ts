/** @file The progress bar fits the terminal and leaves out the least important parts. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Chalk } from 'chalk';
import { barLine } from './training-display.js';

const plain = new Chalk({ level: 0 });
const row = {
  step: 1520,
  epoch: 2,
  loss: 0.1375,
  accuracy: 0.9531,
  lr: 0.1,
  grad_norm: 1,
  grad_norm_clipped: 1,
  clip_fraction: 0,
  elapsed_seconds: 4,
};
const standing = { step: 1520, totalSteps: 4295, row, speed: 342.4 };

test('the bar is narrower than the terminal, at any width', () => {
  for (let columns = 20; columns <= 200; columns++) {
    assert.ok(barLine(standing, columns, plain).length < columns, String(columns));
  }
});

test('a narrow terminal keeps the step, then the remaining time, then the loss', () => {
  const at = (columns: number): string => barLine(standing, columns, plain);
  assert.equal(at(80), '━━━━━────────  step 1520/4295  loss 0.1375  acc 95.31 %  342 steps/s  ETA 8.1 s');
  assert.equal(at(60), '━━────  step 1520/4295  loss 0.1375  acc 95.31 %  ETA 8.1 s');
  assert.equal(at(50), '━━━──────  step 1520/4295  loss 0.1375  ETA 8.1 s');
  assert.match(at(40), /^━+─+ {2}step 1520\/4295 {2}ETA 8.1 s$/);
  assert.match(at(24), /^━+─+ {2}step 1520\/4295$/);
  assert.equal(at(20), 'step 1520/4295');
});

test('the bar is complete before the first row and without a speed', () => {
  assert.match(
    barLine({ ...standing, step: 0, row: null, speed: null }, 80, plain),
    /^─+ {2}step 0\/4295 {2}loss - {2}acc - {2}\? steps\/s {2}ETA \?$/,
  );
});
