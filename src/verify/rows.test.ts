/** @file Laws of `verify`: damage to a CSV of a run is reported exactly once, with file and line. */

import { join } from 'node:path';
import { edit, replace, testDamages } from '../train/tiny-run.testing.js';

const steps = 'steps.csv';
const metrics = 'metrics.csv';

testDamages([
  [
    'a changed validation loss',
    metrics,
    replace(metrics, /(\n2,10,[^,]*,[^,]*,)[\d.]+/, '$10.5'),
    /SHA-256 differs/,
  ],
  ['a removed last digit of a loss', steps, replace(steps, /(\n6,2,[\d.]+)\d,/, '$1,'), /SHA-256 differs/],
  ['a removed first row', `${metrics}:2`, replace(metrics, /\n1,[^\n]*/, ''), /step 5, got 10/],
  ['a removed middle row', `${metrics}:3`, replace(metrics, /\n2,[^\n]*/, ''), /step 10, got 15/],
  ['a removed middle row', `${steps}:3`, replace(steps, /\n6,[^\n]*/, ''), /step 6, got 9/],
  ['a removed last row', `${metrics}:3`, replace(metrics, /3,15,[^\n]*\n/, ''), /step 10, expected 15/],
  ['a removed last row', `${steps}:5`, replace(steps, /15,3,[^\n]*\n/, ''), /step 12, expected 15/],
  ['a duplicate row', `${metrics}:4`, replace(metrics, /(\n2,[^\n]*)/, '$1$1'), /step 15, got 10/],
  ['a changed step', `${steps}:3`, replace(steps, '\n6,', '\n7,'), /step 6, got 7/],
  ['a step with an extra digit', `${steps}:3`, replace(steps, '\n6,', '\n60,'), /step 6, got 60/],
  ['a changed step', `${metrics}:2`, replace(metrics, '\n1,5,', '\n1,6,'), /step 5, got 6/],
  ['a changed epoch', `${steps}:3`, replace(steps, '\n6,2,', '\n6,1,'), /epoch 2, got 1/],
  ['a changed lr', `${steps}:3`, replace(steps, /(\n6.*?),0\.1,/, '$1,0.2,'), /lr 0.1, got 0.2/],
  [
    'a cell that is not a number',
    `${steps}:2`,
    replace(steps, '\n3,1,', '\n3,one,'),
    /epoch: expected a number/,
  ],
  ['an empty cell', `${steps}:2`, replace(steps, /\n3,1,[^,]*/, '\n3,1,'), /loss: the cell is empty/],
  ['a missing cell', `${steps}:2`, replace(steps, '\n3,1,', '\n3,'), /Expected 9 cells, got 8/],
  ['an extra digit', `${steps}:3`, replace(steps, /\n6,2,([\d.]*)/, '\n6,2,$10'), /in its shortest form/],
  [
    'a fraction above 1',
    `${metrics}:2`,
    replace(metrics, /(\n1,5,[^,]*),[^,]*/, '$1,1.5'),
    /expected a number from 0 to 1/,
  ],
  [
    'a NaN in a completed run',
    `${metrics}:2`,
    replace(metrics, /\n1,5,[^,]*/, '\n1,5,NaN'),
    /a finite number/,
  ],
  ['a changed loss', steps, replace(steps, /\n6,2,[^,]*/, '\n6,2,0.5'), /sum of loss .*lines 2 to 6 of/],
  ['a changed accuracy', steps, replace(metrics, /(\n2,10,[^,]*),[^,]*/, '$1,0.5'), /of accuracy over/],
  [
    'an incomplete extra line',
    `${steps}:7`,
    (run) => edit(join(run, steps), (text) => `${text}18,4,0.`),
    /incomplete/,
  ],
  [
    'an incomplete last row',
    `${steps}:6`,
    (run) => edit(join(run, steps), (text) => text.slice(0, -9)),
    /incomplete/,
  ],
  ['a changed header', `${steps}:1`, replace(steps, 'loss', 'lose'), /Expected the header/],
  ['an empty file', `${metrics}:1`, replace(metrics, /^.*$/s, ''), /Expected the header/],
]);
