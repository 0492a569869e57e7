/** @file Scores with the definitions of scikit-learn, classes without examples, and the order of mistakes. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { predictionsCsv } from './csv.js';
import type { Prediction } from './predictions.js';
import { mostConfidentMistakes, scoresOf, shadesOf } from './scores.js';

function predictions(labels: readonly number[], predicted: readonly number[]): Prediction[] {
  return labels.map((label, index) => ({
    index,
    label,
    predicted: predicted[index]!,
    probability: 0.5,
    loss: Math.LN2,
  }));
}

test("the example of scikit-learn's precision_recall_fscore_support has its values", () => {
  // y_true = cat dog pig cat dog pig, y_pred = cat pig dog cat cat dog
  const { confusion, classes, accuracy, correct, count } = scoresOf(
    predictions([0, 1, 2, 0, 1, 2], [0, 2, 1, 0, 0, 1]),
    3,
  );
  assert.deepEqual(confusion, [
    [2, 0, 0],
    [1, 0, 1],
    [0, 2, 0],
  ]);
  assert.deepEqual(
    classes.map(({ precision, recall, count, predicted }) => [precision, recall, count, predicted]),
    [
      [2 / 3, 1, 2, 3],
      [0, 0, 2, 2],
      [0, 0, 2, 1],
    ],
  );
  assert.deepEqual([accuracy, correct, count], [2 / 6, 2, 6]);
});

test('without predictions of a class its precision is null, without examples its recall', () => {
  const { classes } = scoresOf(predictions([0, 0, 1], [0, 2, 0]), 4);
  assert.deepEqual(
    classes.map(({ precision, recall }) => [precision, recall]),
    [
      [1 / 2, 1 / 2],
      [null, 0],
      [0, null],
      [null, null],
    ],
  );
});

test('the loss is the mean of the losses, added in their order', () => {
  const losses = [1e16, 1, 1]; // in the other direction, the sum is 1e16 + 2
  const given = losses.map((loss, index) => ({ index, label: 0, predicted: 0, probability: 1, loss }));
  assert.equal(scoresOf(given, 2).loss, 1e16 / 3);
  assert.equal(scoresOf(given.toReversed(), 2).loss, (1e16 + 2) / 3);
});

test('mistakes are ordered by confidence, equally confident ones by index, and right predictions are none', () => {
  const given = [0.5, 0.9, 0.9, 0.99, 0.7].map((probability, index) => ({
    index,
    label: 0,
    predicted: index === 3 ? 0 : 1,
    probability,
    loss: 1,
  }));
  const indices = (most: number): number[] => mostConfidentMistakes(given, most).map(({ index }) => index);
  assert.deepEqual(indices(10), [1, 2, 4, 0]);
  assert.deepEqual(indices(2), [1, 2]);
  assert.deepEqual(indices(0), []);
  assert.deepEqual(
    given.map(({ index }) => index),
    [0, 1, 2, 3, 4],
    'the predictions are not reordered',
  );
});

test('cells are shaded by recall and by frequency, empty ones not at all', () => {
  assert.deepEqual(
    shadesOf([
      [3, 1, 0],
      [0, 0, 4],
      [0, 0, 0],
    ]),
    [
      [3 / 4, 1 / 2, 0],
      [0, 0, 1],
      [0, 0, 0],
    ],
  );
  assert.deepEqual(
    shadesOf([
      [2, 0],
      [0, 5],
    ]),
    [
      [1, 0],
      [0, 1],
    ],
  );
});

test('the CSV has a row per example, with numbers in full precision', () => {
  const [one] = predictions([3], [8]);
  assert.equal(
    predictionsCsv([{ ...one!, probability: 1 / 3 }]),
    'index,label,predicted,probability,loss\n0,3,8,0.3333333333333333,0.6931471805599453\n',
  );
});
