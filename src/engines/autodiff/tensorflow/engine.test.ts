/** @file What is particular to the engine on TensorFlow: few ops a step, nothing left over. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inputOf, type OracleCase, oracleBatch, oracleCases, unavailable } from '../../oracle.testing.js';
import { openTensorFlow } from './backend.js';
import { chooseInstallation } from './choose.js';
import { createTensorFlowEngine } from './engine.js';

const skip = await unavailable('tensorflow');
const example = oracleCases().find(({ model }) => model === 'wn') as OracleCase;

const open = async () => {
  const { directory } = chooseInstallation('cpu');
  const { binding } = await openTensorFlow(directory, { device: 'cpu', threads: 2 });
  const engine = await createTensorFlowEngine(inputOf(example, { clip: 0.2 }, 2), {
    directory,
    device: 'cpu',
  });
  return { binding, engine };
};

test('a step of wn with clip is at most 110 ops, metrics included', { skip }, async () => {
  const { binding, engine } = await open();
  engine.step(oracleBatch(example, 1), 0.01);
  const before = binding.countOps();
  engine.step(oracleBatch(example, 2), 0.01);
  const ops = binding.countOps() - before;
  engine.dispose();
  assert.ok(ops <= 110, `${ops} ops`);
});

test('no tensor is left over by 300 steps, evaluation, saving and disposal', { skip }, async () => {
  const { binding, engine } = await open();
  engine.dispose();
  const empty = binding.getNumOfTensors();
  const again = (await open()).engine;
  again.step(oracleBatch(example, 1), 0.01);
  again.takeMetrics();
  const started = binding.getNumOfTensors();
  for (let step = 2; step <= 301; step++) again.step(oracleBatch(example, step), 0.01); // beyond one table of rates
  again.evaluate(example.dataset.test);
  again.load(again.save());
  again.takeMetrics();
  assert.ok(binding.getNumOfTensors() <= started, `${started} became ${binding.getNumOfTensors()}`);
  again.dispose();
  assert.equal(binding.getNumOfTensors(), empty);
});
