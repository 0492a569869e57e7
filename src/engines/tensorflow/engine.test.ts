/** @file Properties of the TensorFlow engine: few ops per step, all of them on the device, no leaked tensors. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ModelSpec } from '../../model/spec.js';
import { openTensorFlow } from '../../tensorflow/backend.js';
import { TF } from '../../tensorflow/binding.js';
import { chooseInstallation } from '../../tensorflow/install/choose.js';
import {
  inputOf,
  type OracleCase,
  oracleBatch,
  oracleCases,
  testDevice,
  testRecurrences,
  unavailable,
} from '../oracle.testing.js';
import { createTensorFlowEngine } from './engine.js';
import { complaintAbout, recordOps } from './kernels.testing.js';
import type { RecurrenceName } from './probe.js';

const skip = await unavailable('tensorflow');
const device = testDevice('tensorflow');
const example = oracleCases().find(({ model }) => model === 'wn') as OracleCase;

async function open(recurrence: RecurrenceName, change: Partial<ModelSpec> = { clip: 0.2 }) {
  const { directory } = chooseInstallation(device);
  const { binding } = await openTensorFlow(directory, { device, threads: 2 });
  const engine = await createTensorFlowEngine(inputOf(example, change, 2), { directory, device, recurrence });
  return { binding, engine };
}

for (const recurrence of testRecurrences) {
  test(`${recurrence}: a step of wn with clip is at most 105 ops, metrics included`, { skip }, async () => {
    const { binding, engine } = await open(recurrence);
    engine.step(oracleBatch(example, 1), 0.01);
    const before = binding.countOps();
    engine.step(oracleBatch(example, 2), 0.01);
    const ops = binding.countOps() - before;
    engine.dispose();
    assert.ok(ops <= 105, `${ops} ops`);
  });

  test(`${recurrence}: 300 steps, evaluation, saving and disposal leak no tensor`, {
    skip,
  }, async () => {
    const { binding, engine } = await open(recurrence);
    engine.dispose();
    const empty = binding.getNumOfTensors();
    const again = (await open(recurrence)).engine;
    again.step(oracleBatch(example, 1), 0.01);
    await again.evaluate(example.dataset.test); // the uploaded split is kept
    await again.drainMetrics();
    const started = binding.getNumOfTensors();
    for (let step = 2; step <= 301; step++) again.step(oracleBatch(example, step), 0.01); // more than one upload of step sizes
    await again.evaluate(example.dataset.test);
    again.load(again.save());
    await again.drainMetrics();
    assert.ok(binding.getNumOfTensors() <= started, `${started} became ${binding.getNumOfTensors()}`);
    again.dispose();
    assert.equal(binding.getNumOfTensors(), empty);
  });

  test(`${recurrence}: six steps equal three, a saved and loaded state, and three`, { skip }, async () => {
    const [whole, half, other] = (await Promise.all([1, 2, 3].map(() => open(recurrence)))).map(
      ({ engine }) => engine,
    );
    const train = (engine: typeof whole, first: number, last: number): void => {
      for (let step = first; step <= last; step++) engine!.step(oracleBatch(example, step), 0.01);
    };
    train(whole, 1, 6);
    train(half, 1, 3);
    other!.load(half!.save());
    train(other, 4, 6);
    const expected = await whole!.drainMetrics();
    for (const [name, value] of Object.entries(await other!.drainMetrics())) {
      const wanted = expected[name as keyof typeof expected];
      assert.ok(Math.abs(value - wanted) <= 1e-6 * Math.abs(wanted), `${name}: ${wanted} became ${value}`);
    }
    for (const engine of [whole, half, other]) engine!.dispose();
  });
}

test("every op of training and evaluation has a GPU kernel in TensorFlow's CUDA build and copies nothing to the host", {
  skip,
}, async () => {
  for (const optimizer of ['adam', 'sgd'] as const) {
    for (const clipMode of ['norm', 'global-norm', 'value'] as const) {
      const { binding, engine } = await open(testRecurrences[0]!, { optimizer, clipMode, clip: 0.2 });
      const executed = await recordOps(binding, async () => {
        engine.step(oracleBatch(example, 1), 0.01);
        await engine.drainMetrics();
        engine.load(engine.save());
        await engine.evaluate(example.dataset.test);
      });
      assert.ok(executed.length > 90);
      assert.deepEqual(executed.map(complaintAbout).filter(Boolean), []);
      engine.dispose();
    }
  }
  const uint8 = { name: 'Tparams', type: TF.TF_ATTR_TYPE, value: TF.TF_UINT8 };
  const gather = { name: 'GatherV2', attributes: [uint8], computed: [true, true, false] };
  assert.match(complaintAbout(gather) ?? '', /no GPU kernel for Tparams uint8/);
  const half = { ...gather, attributes: [{ ...uint8, value: TF.TF_HALF }] };
  assert.match(complaintAbout({ ...half, computed: [true, true, true] }) ?? '', /needs its axis/);
  assert.equal(complaintAbout(half), null);
});
