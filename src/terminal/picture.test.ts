/** @file Pictures and confusion matrices as text: sizes, colours, and blocks that fit the width. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { Chalk } from 'chalk';
import type { Split } from '../data/mnist.js';
import { visibleLength } from '../text/printable.js';
import { confusionText } from './confusion-text.js';
import { mistakesText } from './mistakes-text.js';
import { drawPicture } from './picture.js';

const [plain, basic, colors] = [0, 1, 3].map((level) => new Chalk({ level: level as 0 | 1 | 3 }));

const picture = { width: 3, height: 3, pixels: Uint8Array.of(0, 255, 128, 0, 255, 0, 1, 0, 0) };

test('without colours, a character stands for two pixels, the denser the brighter, and only black is a space', () => {
  assert.deepEqual(drawPicture(picture, plain!), [' @-', '.  ']);
  const ramp = Uint8Array.from({ length: 256 }, (_, grey) => grey);
  const [line] = drawPicture({ width: 256, height: 1, pixels: ramp }, plain!);
  assert.equal(line!.replace(/(.)\1*/g, '$1'), ' .:-=+', 'a row alone is drawn on black');
  const two = Uint8Array.from([...ramp, ...ramp]);
  const [full] = drawPicture({ width: 256, height: 2, pixels: two }, plain!);
  assert.equal(full!.replace(/(.)\1*/g, '$1'), ' .:-=+*#%@');
});

test('with 256 colours or more, a character has the greys of both pixels', () => {
  const [line] = drawPicture({ width: 1, height: 2, pixels: Uint8Array.of(10, 200) }, colors!);
  assert.equal(line, '\x1b[38;2;10;10;10m\x1b[48;2;200;200;200m▀\x1b[49m\x1b[39m');
  assert.equal(drawPicture(picture, basic!).join(), drawPicture(picture, plain!).join());
});

const confusion = [
  [10, 0, 2],
  [0, 7, 0],
  [1, 0, 0],
];

test('a confusion matrix has a row per true class and a column per predicted class, and dots for none', () => {
  assert.equal(
    confusionText(confusion, plain!),
    ['true  predicted', '       0  1  2', '   0  10  ·  2', '   1   ·  7  ·', '   2   1  ·  ·'].join('\n'),
  );
});

test('colours change no character, and shade what is frequent', () => {
  const shaded = confusionText(confusion, colors!);
  assert.equal(stripVTControlCharacters(shaded), confusionText(confusion, plain!));
  assert.ok(shaded.includes('\x1b[48;2;0;114;178m\x1b[97m  7'), 'all of class 1 is right');
  assert.ok(shaded.includes('\x1b[48;2;204;85;0m\x1b[97m  2'), 'the most frequent confusion');
});

test('columns that do not fit are in further blocks, and each block is a complete table', () => {
  const many = Array.from({ length: 26 }, (_, label) =>
    Array.from({ length: 26 }, (_, other) => (label === other ? 1000 : label + other)),
  );
  for (const width of [60, 80, 20, 1]) {
    const blocks = confusionText(many, plain!, width).split('\n\n');
    const columns = blocks.flatMap((block) => block.split('\n')[1]!.trim().split(/\s+/).map(Number));
    assert.deepEqual(
      columns,
      Array.from({ length: 26 }, (_, label) => label),
    );
    for (const block of blocks) {
      assert.equal(block.split('\n').length, 28);
      if (width > 1) for (const line of block.split('\n')) assert.ok(line.length <= width, line);
    }
  }
});

test('mistakes stand side by side as far as they fit, cropped alike, with their classes below', () => {
  const size = 28;
  const images = new Uint8Array(3 * size * size);
  for (const at of [0, 1, 2])
    images.fill(255, at * size * size + 14 * size + 10, at * size * size + 14 * size + 13);
  const split: Split = { count: 3, images, labels: Uint8Array.of(1, 1, 1) };
  const mistakes = [2, 0, 1].map((index) => ({
    index,
    label: 1,
    predicted: 7,
    probability: 0.99999,
    loss: 9,
  }));
  const wide = mistakesText(mistakes, split, plain!, 80);
  assert.equal(
    wide,
    [
      '        +++                   +++                   +++',
      'true 1, predicted 7   true 1, predicted 7   true 1, predicted 7',
      '>99.99 %  #2          >99.99 %  #0          >99.99 %  #1',
    ].join('\n'),
  );
  for (const [width, rows] of [
    [60, 2],
    [40, 3],
    [10, 3],
  ] as const) {
    const text = mistakesText(mistakes, split, colors!, width);
    assert.equal(text.split('\n\n').length, rows);
    for (const line of text.split('\n')) assert.ok(visibleLength(line) <= Math.max(width, 20));
  }
});
