/** @file Predictions from single judgements: right and wrong ones, ties, order and stopping. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Split } from '../data/mnist.js';
import type { Classifier } from '../engines/fused/classifier.js';
import { predictSplit, rankClasses } from './predictions.js';

/** A classifier whose images are their own logits; of equal ones it predicts the first, as the kernel does. */
function classifier(judged: number[] = []): Classifier {
  return {
    device: 'test',
    judge: (image, label) => {
      judged.push(label);
      const logits = [...image];
      const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0);
      return {
        loss: Math.log(sum) - logits[label]!,
        correct: logits.indexOf(Math.max(...logits)) === label,
      };
    },
    dispose: () => {},
  };
}

function split(labels: readonly number[], ...images: readonly (readonly number[])[]): Split {
  return {
    count: labels.length,
    labels: Uint8Array.from(labels),
    images: Uint8Array.from(images.flat()),
  };
}

const never = { signal: new AbortController().signal, onProgress: () => {} };

test('a prediction has its class, the probability of that class, and the loss of the true class', async () => {
  const [right, wrong] = await predictSplit(classifier(), split([2, 0], [0, 1, 3], [1, 4, 0]), 3, never);
  const probability = (logits: readonly number[], at: number): number =>
    Math.exp(logits[at]!) / logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
  assert.deepEqual([right!.index, right!.label, right!.predicted], [0, 2, 2]);
  assert.ok(Math.abs(right!.probability - probability([0, 1, 3], 2)) < 1e-12);
  assert.deepEqual([wrong!.index, wrong!.label, wrong!.predicted], [1, 0, 1]);
  assert.ok(Math.abs(wrong!.probability - probability([1, 4, 0], 1)) < 1e-12);
  assert.ok(Math.abs(wrong!.loss + Math.log(probability([1, 4, 0], 0))) < 1e-12);
});

test('of equal scores the first class is the prediction, whatever the label', async () => {
  for (const label of [0, 1, 2]) {
    const [tie] = await predictSplit(classifier(), split([label], [1, 5, 5]), 3, never);
    assert.equal(tie!.predicted, 1);
  }
  assert.deepEqual(
    rankClasses(classifier(), Uint8Array.of(5, 0, 5), 3).map(({ label }) => label),
    [0, 2, 1],
  );
});

test('a right prediction is judged once', async () => {
  const judged: number[] = [];
  await predictSplit(classifier(judged), split([1, 1], [0, 5, 0], [0, 7, 1]), 3, never);
  assert.deepEqual(judged, [1, 1]);
});

test('ranked probabilities fall, and their sum is 1', () => {
  const ranked = rankClasses(classifier(), Uint8Array.of(1, 4, 0, 2), 4);
  assert.deepEqual(
    ranked.map(({ label }) => label),
    [1, 3, 0, 2],
  );
  assert.ok(Math.abs(ranked.reduce((sum, { probability }) => sum + probability, 0) - 1) < 1e-12);
});

test('a stop ends the work with its reason, and progress reaches the number of examples', async () => {
  const stop = new AbortController();
  const many = split(Array(1000).fill(0), ...Array.from({ length: 1000 }, () => [1, 0]));
  const seen: number[] = [];
  await predictSplit(classifier(), many, 2, { ...never, onProgress: (done) => seen.push(done) });
  assert.deepEqual([seen[0], seen.at(-1)], [0, 1000]);
  const stopped = predictSplit(classifier(), many, 2, {
    signal: stop.signal,
    onProgress: (done) => done > 0 && stop.abort(130),
  });
  await assert.rejects(stopped, (reason) => reason === 130);
});
