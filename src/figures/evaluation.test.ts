/** @file The figure of an evaluation: its numbers, images and colours, and equal bytes for equal data. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Split } from '../data/mnist.js';
import type { Prediction } from '../evaluate/predictions.js';
import { mostConfidentMistakes, scoresOf } from '../evaluate/scores.js';
import { evaluationSpec } from './evaluation.js';
import { figurePng, figureSvg } from './figure-files.js';

/** Predictions of 60 images of 8 x 8 pixels: every tenth example of class 0 is taken for class 1. */
function example(classes: number): { predictions: Prediction[]; split: Split } {
  const labels = Array.from({ length: 60 }, (_, index) => index % classes);
  const predictions = labels.map((label, index) => ({
    index,
    label,
    predicted: label === 0 && index % 10 === 0 ? 1 : label,
    probability: 0.5 + index / 200,
    loss: 0.1,
  }));
  const images = Uint8Array.from({ length: 60 * 64 }, (_, pixel) => pixel % 251);
  return { predictions, split: { count: 60, images, labels: Uint8Array.from(labels) } };
}

function draw(classes: number, most: number): Promise<string> {
  const { predictions, split } = example(classes);
  const mistakes = mostConfidentMistakes(predictions, most);
  return figureSvg(evaluationSpec(scoresOf(predictions, classes), mistakes, split, { title: 'a title' }));
}

function textsIn(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text!);
}

test('the matrix shows each number but 0, precision and recall, and the mistakes with their classes', async () => {
  const texts = textsIn(await draw(4, 12));
  // Class 0 has 15 examples; indices 0, 20 and 40 are multiples of 4 and of 10.
  for (const text of ['12', '3', '15', '80.0', '83.3', '100.0', 'true class', 'predicted class', 'a title'])
    assert.ok(texts.includes(text), text);
  assert.ok(!texts.includes('0.0'));
  assert.deepEqual(
    texts.filter((text) => text.startsWith('true 0')),
    Array(3).fill('true 0, predicted 1'),
  );
  assert.ok(texts.includes('70.00 %, #40'));
});

test('each mistake has its image as a PNG of full pixels, and there is no view of mistakes without any', async () => {
  const svg = await draw(4, 2);
  assert.equal(svg.match(/<image /g)?.length, 2);
  assert.equal(new Set(svg.match(/data:image\/png;base64,[^"]+/g)).size, 2);
  const none = await draw(4, 0);
  assert.doesNotMatch(none, /<image |most confident mistakes/);
});

test('many classes have small cells without numbers', async () => {
  const texts = textsIn(await draw(20, 0));
  assert.ok(texts.includes('precision %'));
  assert.ok(!texts.includes('3'.repeat(2)));
  assert.match(await draw(20, 0), /rgb\(213,94,0\)/);
});

test('equal data give equal bytes, as SVG and as PNG', async () => {
  const [one, other] = [await draw(4, 6), await draw(4, 6)];
  assert.equal(one, other);
  assert.deepEqual(await figurePng(one), await figurePng(other));
});
