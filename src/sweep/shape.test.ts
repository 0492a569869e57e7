/** @file Laws of where a machine computes a sweep: on its cores, on its GPUs, or on both. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseResolvedConfig } from '../config.js';
import { CANONICAL, UNFUSED } from '../engines/arithmetic.js';
import type { Choice, Requested } from '../engines/select.js';
import { UserError } from '../errors.js';
import type { PlannedRun } from './plan.js';
import { type Machine, type RequestedArm, type Shape, shapeOf } from './shape.js';

const gpu = { arithmetic: CANONICAL } as Choice;
const broken = new UserError('E_BACKEND', 'There is no GPU.');
const machine: Machine = { cores: 16, arithmetic: CANONICAL, gpu, laneGpus: [null], tensorflowGpus: [] };
const AUTO: Requested = { backend: 'auto', device: 'auto' };

/** An arm whose backend was decided as native; `device` is that of the decided config. */
function arm(name: string, requested: Requested = AUTO, device: 'cpu' | 'cuda' = 'cpu'): RequestedArm {
  const config = parseResolvedConfig({ backend: 'native', device }, name);
  return { name, config, arithmetic: CANONICAL, requested };
}

function runsOf(count: number, ...arms: readonly RequestedArm[]): PlannedRun[] {
  return arms.flatMap(({ name, config }) =>
    Array.from({ length: count }, (_, seed) => ({ arm: name, seed, id: `${name}-${seed}`, config })),
  );
}

function decide(
  arms: readonly RequestedArm[],
  count: number,
  wishes: { jobs?: number; threads?: number; gpuLanes?: number } = {},
  on: Machine = machine,
): Shape {
  const { jobs, threads, gpuLanes } = wishes;
  return shapeOf(arms, runsOf(count, ...arms), on, { jobs, threads, gpuLanes });
}

function numbers({ jobs, threads, lanes }: Shape): number[] {
  return [jobs, threads, lanes];
}

test('an automatic sweep fills the GPU and all cores but the one that holds the GPU', () => {
  assert.deepEqual(numbers(decide([arm('a')], 100)), [15, 1, 8]);
  assert.deepEqual(numbers(decide([arm('a')], 100, { jobs: 4, gpuLanes: 2, threads: 8 })), [4, 2, 2]);
});

test('few runs go to the GPU first, and no slot stays empty', () => {
  assert.deepEqual(numbers(decide([arm('a')], 5)), [0, 15, 5]);
  assert.deepEqual(numbers(decide([arm('a')], 10)), [2, 7, 8]);
});

test('without a GPU, a sweep uses all cores', () => {
  const without = { ...machine, gpu: broken, laneGpus: [] };
  assert.deepEqual(numbers(decide([arm('a')], 100, {}, without)), [16, 1, 0]);
  assert.deepEqual(numbers(decide([arm('a')], 0, {}, without)), [1, 16, 0]);
});

test('zero jobs leave only the GPU, and zero lanes only the cores', () => {
  assert.deepEqual(numbers(decide([arm('a')], 100, { jobs: 0 })), [0, 15, 8]);
  assert.deepEqual(numbers(decide([arm('a')], 100, { gpuLanes: 0 })), [16, 1, 0]);
});

test('zero jobs and zero lanes together are refused', () => {
  assert.throws(
    () => decide([arm('a')], 9, { jobs: 0, gpuLanes: 0 }),
    /together leave nothing that computes/,
  );
});

test('a backend or device of the CPU keeps the runs of an arm off the GPU', () => {
  for (const requested of [
    { backend: 'native', device: 'auto' },
    { backend: 'auto', device: 'cpu' },
  ] as const) {
    const arms = [arm('a', requested), arm('b')];
    const shape = decide(arms, 20);
    assert.deepEqual(shape.places.get('a'), { processes: true, lanes: false });
    assert.deepEqual(shape.places.get('b'), { processes: true, lanes: true });
    assert.throws(() => decide([arm('a', requested)], 20, { gpuLanes: 4 }), /--gpu-lanes 4 needs an arm/);
    assert.throws(() => decide(arms, 20, { jobs: 0 }), /may not compute the arm a/);
  }
});

test('a device that names the GPU keeps the runs off the cores, unless the number of jobs is named', () => {
  const named = arm('a', { backend: 'auto', device: 'cuda' });
  assert.deepEqual(numbers(decide([named], 100)), [0, 15, 8]);
  assert.deepEqual(numbers(decide([named], 100, { jobs: 3 })), [3, 5, 8]);
  assert.deepEqual(numbers(decide([named], 100, { gpuLanes: 0 })), [16, 1, 0]);
});

test('if the user asks for a GPU that does not work, the reason is reported', () => {
  const without = { ...machine, gpu: broken, laneGpus: [] };
  assert.throws(() => decide([arm('a')], 9, { gpuLanes: 4 }, without), broken);
  assert.throws(() => decide([arm('a')], 9, { jobs: 0 }, without), broken);
});

test('every GPU has its lanes', () => {
  const two = { ...machine, laneGpus: ['0', '1'] };
  const shape = decide([arm('a')], 100, {}, two);
  assert.deepEqual(
    [numbers(shape), shape.laneGpus],
    [
      [14, 1, 8],
      ['0', '1'],
    ],
  );
  assert.deepEqual(numbers(decide([arm('a')], 5, {}, two)), [0, 14, 3]);
});

test('a run is computed only with the arithmetic that it was planned with', () => {
  const unfused = { ...machine, arithmetic: UNFUSED };
  const planned = arm('a', AUTO, 'cuda');
  assert.deepEqual(decide([planned], 9, {}, unfused).places.get('a'), { processes: false, lanes: true });
  const without = { ...unfused, gpu: broken, laneGpus: [] };
  assert.throws(() => decide([planned], 9, {}, without), /planned with the arithmetic/);
  const other = { ...machine, gpu: { arithmetic: UNFUSED } as Choice };
  assert.deepEqual(decide([planned], 9, {}, other).places.get('a'), { processes: true, lanes: false });
});

test('TensorFlow runs in processes, one per GPU', () => {
  const config = parseResolvedConfig({ backend: 'tensorflow', device: 'cuda' }, 'a');
  const arms = [{ name: 'a', config, arithmetic: 'tensorflow-cuda', requested: config }];
  const shape = decide(arms, 100, {}, { ...machine, gpu: null, laneGpus: [], tensorflowGpus: ['0', '1'] });
  assert.deepEqual(
    [numbers(shape), shape.gpus],
    [
      [2, 8, 0],
      ['0', '1'],
    ],
  );
});
