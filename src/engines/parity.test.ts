/** @file Every engine, compared with values recorded from PyTorch and with the other engines. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StepMetrics } from '../model/state.js';
import { EXACT_BACKENDS } from './arithmetic.js';
import type { Engine } from './engine.js';
import {
  engineCases,
  inputOf,
  type OracleCase,
  oracleBatch,
  oracleCases,
  testDevice,
  unavailable,
} from './oracle.testing.js';
import { createEngine } from './select.js';

/** Relative tolerances for float32. */
const TOLERANCE = { loss: 1e-6, losses: 1e-5, gradient: 1e-5, norm: 1e-5, fraction: 1e-3 };

const cases = oracleCases();

function assertClose(actual: number, expected: number, tolerance: number, what: string): void {
  const scale = Math.max(Math.abs(expected), 1e-30);
  assert.ok(Math.abs(actual - expected) <= tolerance * scale, `${what}: expected ${expected}, got ${actual}`);
}

async function run(engine: Engine, example: OracleCase, lr: number, steps: number): Promise<StepMetrics[]> {
  const metrics: StepMetrics[] = [];
  for (let step = 1; step <= steps; step++) {
    engine.step(oracleBatch(example, step), lr);
    metrics.push(await engine.drainMetrics());
  }
  return metrics;
}

for (const { title, backend, recurrence } of engineCases) {
  const skip = await unavailable(backend);
  for (const example of cases) {
    test(`${title}: loss and gradients equal PyTorch's (${example.title})`, { skip }, async () => {
      // One SGD step with a large learning rate reveals the gradient without cancellation.
      const lr = 1024;
      const engine = await createEngine(
        backend,
        inputOf(example, { optimizer: 'sgd' }),
        testDevice(backend),
        recurrence,
      );
      const before = engine.save();
      const [first] = await run(engine, example, lr, 1);
      const after = engine.save();
      engine.dispose();
      assertClose(first!.loss, example.loss, TOLERANCE.loss, 'loss');
      for (const [name, expected] of example.gradients) {
        const [from, to] = [before.get(name)?.data ?? [], after.get(name)?.data ?? []];
        const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        expected.forEach((value, index) => {
          const error = Math.abs((from[index]! - to[index]!) / lr - value) / largest;
          assert.ok(error <= TOLERANCE.gradient, `${name}[${index}]: ${error} of the largest element`);
        });
      }
    });

    for (const { optimizer, lr, clip, clipMode, ...expected } of example.runs) {
      const how = `${optimizer} ${clip === null ? 'without clip' : `${clipMode} ${clip}`}`;
      test(`${title}: ten steps equal PyTorch's (${example.title}, ${how})`, { skip }, async () => {
        const engine = await createEngine(
          backend,
          inputOf(example, { optimizer, clip, clipMode }),
          testDevice(backend),
          recurrence,
        );
        const steps = await run(engine, example, lr, 10);
        engine.dispose();
        steps.forEach((step, at) => {
          assertClose(step.loss, expected.losses[at]!, TOLERANCE.losses, `loss of step ${at + 1}`);
          assertClose(step.gradNorm, expected.gradNorms[at]!, TOLERANCE.norm, `norm of step ${at + 1}`);
          assertClose(
            step.gradNormClipped,
            expected.clippedNorms[at]!,
            TOLERANCE.norm,
            `clipped norm of step ${at + 1}`,
          );
          assert.ok(
            Math.abs(step.clipFraction - expected.clipFractions[at]!) <= TOLERANCE.fraction,
            'clip fraction',
          );
        });
      });
    }
  }
}

for (const backend of EXACT_BACKENDS) {
  const skip = await unavailable(backend);
  test(`${backend}: a batch larger than a chunk gives the losses and norms of js`, {
    skip,
  }, async () => {
    const input = inputOf(cases[3]!, { batch: 150, clip: 0.2 });
    const indices = Int32Array.from({ length: 150 }, (_, row) => (5 * row) % input.dataset.train.count);
    const [mine, oracle] = await Promise.all(
      [backend, 'js' as const].map((name) => createEngine(name, input)),
    );
    for (let step = 1; step <= 3; step++) {
      for (const engine of [mine, oracle]) engine!.step(indices, 0.01);
      const [actual, expected] = [await mine!.drainMetrics(), await oracle!.drainMetrics()];
      assertClose(actual.loss, expected.loss, TOLERANCE.losses, `loss of step ${step}`);
      assertClose(actual.accuracy, expected.accuracy, TOLERANCE.losses, `accuracy of step ${step}`);
      assertClose(actual.gradNorm, expected.gradNorm, TOLERANCE.norm, `norm of step ${step}`);
    }
    for (const engine of [mine, oracle]) engine!.dispose();
  });

  test(`${backend}: mostly blank images, whose zero pixels are skipped, give the losses of js`, {
    skip,
  }, async () => {
    for (const example of cases) {
      const { size, train } = example.dataset;
      const images = train.images.map((pixel, at) => {
        const [row, column] = [Math.floor(at / size) % size, at % size];
        return row < 2 || column < 2 || at % 3 === 0 ? 0 : pixel;
      });
      images.fill(0, 0, size * size); // one image is completely blank
      const dataset = { ...example.dataset, train: { ...train, images } };
      const input = { ...inputOf(example), dataset };
      const [mine, oracle] = await Promise.all(
        [backend, 'js' as const].map((name) => createEngine(name, input)),
      );
      const expected = await run(oracle!, example, 0.01, 5);
      (await run(mine!, example, 0.01, 5)).forEach(({ loss, gradNorm }, at) => {
        assertClose(loss, expected[at]!.loss, TOLERANCE.losses, `loss of step ${at + 1}`);
        assertClose(gradNorm, expected[at]!.gradNorm, TOLERANCE.norm, `norm of step ${at + 1}`);
      });
      for (const engine of [mine, oracle]) engine!.dispose();
    }
  });

  test(`${backend}: wn at lr 0.1 stays within 1e-4 of js over ten steps`, { skip }, async () => {
    for (const example of cases.filter(({ model }) => model === 'wn')) {
      const [mine, oracle] = await Promise.all(
        [backend, 'js' as const].map((name) => createEngine(name, inputOf(example))),
      );
      const expected = await run(oracle!, example, 0.1, 10);
      (await run(mine!, example, 0.1, 10)).forEach(({ loss }, at) => {
        assertClose(loss, expected[at]!.loss, 1e-4, `loss of step ${at + 1}`);
      });
      for (const engine of [mine, oracle]) engine!.dispose();
    }
  });
}
