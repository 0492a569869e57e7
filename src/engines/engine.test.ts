/** @file The guarantees of every engine: exact states, reproducible bytes, no leaks, correct evaluation. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { BACKENDS } from '../config.js';
import type { TrainingState } from '../model/state.js';
import { FUSED_BACKENDS } from './arithmetic.js';
import type { Engine } from './engine.js';
import { inputOf, type OracleCase, oracleBatch, oracleCases, unavailable } from './oracle.testing.js';
import { createEngine } from './select.js';

const example = oracleCases().find(({ model }) => model === 'wn') as OracleCase;
const clipped = inputOf(example, { clip: 0.2 });

function train(engine: Engine, first: number, last: number): void {
  for (let step = first; step <= last; step++) engine.step(oracleBatch(example, step), 0.05);
}

/** The SHA-256 of every array. */
function hashesOf(state: TrainingState): Record<string, string> {
  return Object.fromEntries(
    [...state].map(([name, { data }]) => [name, createHash('sha256').update(data).digest('hex')]),
  );
}

for (const backend of BACKENDS) {
  const skip = await unavailable(backend);

  test(`${backend}: six steps equal three, a saved and loaded state, and three, to the last bit`, {
    skip,
  }, async () => {
    const [whole, half, other] = await Promise.all(
      [clipped, clipped, clipped].map((input) => createEngine(backend, input)),
    );
    train(whole!, 1, 6);
    train(half!, 1, 3);
    other!.load(half!.save());
    train(other!, 4, 6);
    assert.deepEqual(hashesOf(other!.save()), hashesOf(whole!.save()));
    assert.deepEqual(await other!.drainMetrics(), await whole!.drainMetrics());
    for (const engine of [whole, half, other]) engine!.dispose();
  });

  test(`${backend}: saving does not reset the metrics, and a saved state does not change with the engine`, {
    skip,
  }, async () => {
    const engine = await createEngine(backend, clipped);
    train(engine, 1, 2);
    const state = engine.save();
    const before = hashesOf(state);
    train(engine, 3, 4);
    assert.deepEqual(hashesOf(state), before);
    assert.equal((await engine.drainMetrics()).count, 4);
    assert.equal((await engine.drainMetrics()).count, 0);
    engine.dispose();
  });

  test(`${backend}: an evaluation equals the loss and accuracy of single steps, and changes no state`, {
    skip,
  }, async () => {
    const engine = await createEngine(backend, inputOf(example, { optimizer: 'sgd' }));
    const before = hashesOf(engine.save());
    const evaluation = await engine.evaluate(example.dataset.validation);
    assert.deepEqual(hashesOf(engine.save()), before);
    for (let step = 1; step <= 4; step++) engine.step(oracleBatch(example, step), 1e-30); // all four batches of the split
    const { loss, accuracy, count } = await engine.drainMetrics();
    assert.ok(Math.abs(loss / count / evaluation.loss - 1) < 1e-6);
    assert.ok(Math.abs(accuracy / count - evaluation.accuracy) < 1e-12);
    engine.dispose();
  });

  test(`${backend}: a NaN parameter makes the loss NaN`, { skip }, async () => {
    const engine = await createEngine(backend, clipped);
    const state = new Map(engine.save());
    const [name, { shape, data }] = [...state][0]!;
    state.set(name, { shape, data: data.slice().fill(Number.NaN) });
    engine.load(state);
    train(engine, 1, 1);
    assert.ok(Number.isNaN((await engine.drainMetrics()).loss));
    assert.ok(Number.isNaN((await engine.evaluate(example.dataset.test)).loss));
    engine.dispose();
  });

  test(`${backend}: a state with a missing array or a wrong shape is refused, and the engine keeps its own`, {
    skip,
  }, async () => {
    const engine = await createEngine(backend, clipped);
    train(engine, 1, 2);
    const before = hashesOf(engine.save());
    for (const name of engine.save().keys()) {
      const state = new Map(engine.save());
      state.delete(name);
      assert.throws(() => engine.load(state), { code: 'E_CHECKPOINT' }, name);
      state.set(name, { shape: [1, 1], data: Float32Array.of(1) });
      assert.throws(() => engine.load(state), { code: 'E_CHECKPOINT' }, name);
    }
    assert.deepEqual(hashesOf(engine.save()), before);
    engine.dispose();
  });

  test(`${backend}: a zero column of v gives finite gradients`, { skip }, async () => {
    const engine = await createEngine(backend, clipped);
    const state = new Map(engine.save());
    for (const name of ['lstm/w_x', 'lstm/w_h']) {
      const array = state.get(name);
      const columns = array?.shape[1] ?? 1;
      array?.data.forEach((_, at) => {
        if (at % columns === 3) array.data[at] = 0;
      });
    }
    engine.load(state);
    train(engine, 1, 2);
    const { loss, gradNorm } = await engine.drainMetrics();
    assert.ok(Number.isFinite(loss) && Number.isFinite(gradNorm));
    engine.dispose();
  });
}

for (const backend of FUSED_BACKENDS) {
  const skip = await unavailable(backend);
  for (const batch of [1, 9, 36, 150]) {
    test(`${backend}: every number of threads gives the same bits (batch ${batch})`, { skip }, async () => {
      const states = [];
      for (const threads of backend === 'native' ? [1, 2, 3, 5, 7, 16, 64] : [1, 2, 3, 7]) {
        const engine = await createEngine(backend, inputOf(example, { clip: 0.2, batch }, threads));
        for (let step = 0; step < 6; step++) {
          const { count } = example.dataset.train;
          engine.step(
            Int32Array.from({ length: batch }, (_, row) => (7 * step + row) % count),
            0.05,
          );
        }
        states.push({ ...hashesOf(engine.save()), evaluation: await engine.evaluate(example.dataset.test) });
        engine.dispose();
      }
      for (const state of states) assert.deepEqual(state, states[0]);
    });
  }
}

for (const backend of FUSED_BACKENDS) {
  const skip = await unavailable(backend);
  test(`${backend}: waiting threads sleep`, { skip }, async () => {
    const engine = await createEngine(backend, inputOf(example, {}, 2));
    train(engine, 1, 3);
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 400));
    const { user, system } = process.cpuUsage(before);
    engine.dispose();
    assert.ok(user + system < 200_000, `${user + system} µs of 400,000`); // a spinning thread uses all of it
  });
}

test('js: steps, evaluation, saving and disposal leak no tensor', async () => {
  const empty = tf.memory().numTensors;
  const engine = await createEngine('js', clipped);
  const count = (): number => tf.memory().numTensors;
  train(engine, 1, 1);
  const started = count();
  train(engine, 2, 5);
  await engine.evaluate(example.dataset.test);
  engine.load(engine.save());
  await engine.drainMetrics();
  assert.equal(count(), started);
  engine.dispose();
  assert.equal(count(), empty);
});
