/** @file Laws of what a sweep prints about where it runs. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Shape } from '../sweep/shape.js';
import { describeShape } from './sweep-report.js';

const cpu: Shape = { jobs: 2, threads: 1, gpus: [], lanes: 0, laneGpus: [], places: new Map() };

test('a sweep says what the CPU computes and what the GPU, whatever backend it was planned for', () => {
  assert.equal(describeShape(cpu), '2 jobs at a time on the CPU, 1 thread each');
  assert.equal(describeShape({ ...cpu, jobs: 0, lanes: 8, laneGpus: [null] }), '8 runs at a time on the GPU');
  assert.equal(
    describeShape({ ...cpu, jobs: 1, threads: 3, lanes: 8, laneGpus: ['0', '1'] }),
    '8 runs at a time on each of 2 GPUs; 1 job at a time on the CPU, 3 threads each',
  );
});

test('processes with TensorFlow on GPUs are not said to use the CPU', () => {
  assert.equal(describeShape({ ...cpu, gpus: ['0'] }), '2 jobs at a time, 1 thread each');
});
