/** @file Judging single images gives the bits of evaluating a split, on every kernel and for every model. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initialParameters } from '../../model/spec.js';
import type { TrainingState } from '../../model/state.js';
import { inputOf, type OracleCase, oracleBatch, oracleCases, unavailable } from '../oracle.testing.js';
import { createEngine, createKernel } from '../select.js';
import { type Classifier, createClassifier } from './classifier.js';

const backends = ['wasm', 'native'] as const;

/** The state of a case after some steps. */
async function trained(
  example: OracleCase,
): Promise<{ state: TrainingState; loss: number; accuracy: number }> {
  const engine = await createEngine('wasm', inputOf(example));
  for (let step = 1; step <= 5; step++) engine.step(oracleBatch(example, step), 0.1);
  const evaluation = await engine.evaluate(example.dataset.test);
  const state = engine.save();
  engine.dispose();
  return { state, ...evaluation };
}

async function classify(
  backend: (typeof backends)[number],
  example: OracleCase,
  state: TrainingState,
): Promise<Classifier> {
  return createClassifier(await createKernel(backend), inputOf(example).spec, state);
}

function imagesOf({ dataset: { test: split } }: OracleCase): { image: Uint8Array; label: number }[] {
  const pixels = split.images.length / split.count;
  return [...split.labels].map((label, index) => ({
    label,
    image: split.images.subarray(index * pixels, (index + 1) * pixels),
  }));
}

for (const backend of backends) {
  const skip = await unavailable(backend);
  for (const example of oracleCases()) {
    test(`${backend}: the sum over single images is the evaluation of the split, to the last bit (${example.title})`, {
      skip,
    }, async () => {
      const { state, loss, accuracy } = await trained(example);
      const classifier = await classify(backend, example, state);
      const judged = imagesOf(example).map(({ image, label }) => classifier.judge(image, label));
      classifier.dispose();
      assert.equal(judged.reduce((sum, each) => sum + each.loss, 0) / judged.length, loss);
      assert.equal(judged.filter(({ correct }) => correct).length / judged.length, accuracy);
    });
  }

  test(`${backend}: exactly one class is predicted, the most probable, and probabilities add up to 1`, {
    skip,
  }, async () => {
    const [example] = oracleCases();
    const { state } = await trained(example!);
    const classifier = await classify(backend, example!, state);
    for (const { image } of imagesOf(example!)) {
      const judged = Array.from({ length: example!.dataset.classes }, (_, label) =>
        classifier.judge(image, label),
      );
      const [predicted, ...others] = judged.filter(({ correct }) => correct);
      assert.equal(others.length, 0);
      assert.equal(predicted!.loss, Math.min(...judged.map(({ loss }) => loss)));
      const sum = judged.reduce((total, { loss }) => total + Math.exp(-loss), 0);
      assert.ok(Math.abs(sum - 1) < 1e-6, String(sum));
    }
    classifier.dispose();
  });
}

test('a missing parameter, or one of another shape, is an error', async () => {
  const [example] = oracleCases();
  const { spec } = inputOf(example!);
  const { state } = await trained(example!);
  const without = new Map([...state].filter(([name]) => name !== 'lstm/b'));
  const kernel = await createKernel('wasm');
  await assert.rejects(createClassifier(kernel, spec, without), { code: 'E_CHECKPOINT', message: /lstm\/b/ });
  const other = initialParameters({ ...spec, units: spec.units + 1 }, 0, null);
  await assert.rejects(createClassifier(kernel, spec, other), { code: 'E_CHECKPOINT' });
});
