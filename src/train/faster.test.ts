/** @file Laws of the choice between GPU and CPU. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Config, parseConfig } from '../config.js';
import { readDataset } from '../data/mnist.js';
import { CANONICAL, UNFUSED } from '../engines/arithmetic.js';
import { type Choice, chooseBackend } from '../engines/select.js';
import { UserError } from '../errors.js';
import { chooseFaster, type TimeOn } from './faster.js';

const dataset = readDataset(null);
const cpu = await chooseBackend({ backend: 'auto', device: 'cpu' });
const skip = cpu.arithmetic === CANONICAL ? false : 'the CPU of this machine has another arithmetic';
const gpu: Choice = { backend: 'cuda', device: 'cuda', arithmetic: CANONICAL, build: 'test', why: 'found' };

function times(onGpu: number, onCpu: number): TimeOn {
  return async (_config, _dataset, { device }) => (device === 'cuda' ? onGpu : onCpu);
}

async function never(): Promise<number> {
  throw new Error('nothing is timed');
}

function config(values: Partial<Config> = {}): Config {
  return parseConfig(values, 'test');
}

test('auto takes the faster of GPU and CPU, and says both times', { skip }, async () => {
  const faster = await chooseFaster(config(), dataset, gpu, times(0.0001, 0.00065));
  assert.equal(faster.backend, 'cuda');
  assert.equal(faster.why, 'a step takes 0.10 ms on the GPU and 0.65 ms on the CPU');
  const slower = await chooseFaster(config(), dataset, gpu, times(0.002, 0.00065));
  assert.equal(slower.backend, cpu.backend);
  assert.equal(slower.arithmetic, gpu.arithmetic);
});

test('a GPU that cannot train the model leaves it to the CPU', { skip }, async () => {
  const fails: TimeOn = async () => {
    throw new UserError('E_BACKEND', 'The GPU is full.');
  };
  const { backend, why } = await chooseFaster(config(), dataset, gpu, fails);
  assert.deepEqual([backend, why], [cpu.backend, 'the GPU cannot train it: The GPU is full']);
});

test('nothing is timed for a named backend or device, another choice or another arithmetic', async () => {
  for (const named of [{ backend: 'cuda' }, { device: 'cuda' }] as const)
    assert.equal(await chooseFaster(config(named), dataset, gpu, never), gpu);
  assert.equal(await chooseFaster(config(), dataset, cpu, never), cpu);
  const other = { ...gpu, arithmetic: UNFUSED === cpu.arithmetic ? CANONICAL : UNFUSED };
  assert.equal(await chooseFaster(config(), dataset, other, never), other);
});
