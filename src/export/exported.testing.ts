/** @file Finished and unfinished runs and a sweep on tiny data, to export in tests. */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { writeTinyDataset } from '../data/idx.testing.js';
import { readDataset } from '../data/mnist.js';
import { parametersOf, predict } from '../engines/autodiff/model.js';
import type { ModelSpec } from '../model/spec.js';
import { type FoundRun, readRun } from '../runs/reading.js';
import { decided } from '../sweep/decided.testing.js';
import { parseSweep } from '../sweep/grid.js';
import { createInProcessExecutor } from '../sweep/job.js';
import { freeze, plannedRuns, writePlan } from '../sweep/plan.js';
import { runSweep } from '../sweep/scheduler.js';
import { trainTiny } from '../train/tiny-run.testing.js';
import { type ExportedRun, selectRuns } from './select-runs.js';
import { readWeights } from './weights.js';

export const scratch = mkdtempSync(join(tmpdir(), 'wnlstm-export-'));
after(() => rmSync(scratch, { recursive: true }));

/** Four classes, and test images that are not all recognised. */
export const data = writeTinyDataset(join(scratch, 'data'), { size: 8, train: 240, test: 400, classes: 4 });

const tiny = { data, units: 6, batch: 16, lr: 0.03, logEvery: 3, epochs: 2 };

/** Trains a run. Returns its folder. */
export function trained(change: Record<string, unknown> = {}): Promise<string> {
  const runs = mkdtempSync(join(scratch, 'runs-'));
  return trainTiny({ ...tiny, ...change }, () => false, runs);
}

/** Trains a run and stops it after its first epoch. Returns its folder. */
export function interrupted(): Promise<string> {
  const runs = mkdtempSync(join(scratch, 'runs-'));
  return trainTiny(tiny, (event) => event.kind === 'epoch', runs);
}

/** Trains a sweep of two arms, named "plain" and "wn,f=0.5", with two seeds. Returns its folder. */
export async function trainedSweep(name = 'pair'): Promise<string> {
  const folder = join(mkdtempSync(join(scratch, 'sweep-')), name);
  mkdirSync(folder);
  const base = { ...tiny, backend: 'wasm', device: 'cpu' };
  const arms = { plain: { model: 'base' }, 'wn,f=0.5': { forgetBias: 0.5, clip: 0.5 } };
  const plan = freeze(
    decided(parseSweep({ name, base, arms, seeds: 2 }, 'test')),
    readDataset(data).checksums,
    '2026-01-01T00:00:00.000Z',
  );
  const never = { failFast: false, signal: new AbortController().signal };
  await runSweep(plannedRuns(plan), folder, createInProcessExecutor(1), never, () => {});
  writePlan(folder, plan);
  return folder;
}

/** A run as it is exported. */
export function exportedRun(directory: string): ExportedRun {
  return selectRuns(dirname(directory), [directory], false).runs[0]!;
}

export function foundRun(directory: string): FoundRun {
  return readRun(directory)!;
}

/** The test images with pixels from 0 to 1, `[N, size, size]`, and their labels. */
export function testImages(): { images: Float32Array; shape: [number, number, number]; labels: Uint8Array } {
  const { test, size } = readDataset(data);
  return {
    images: Float32Array.from(test.images, (pixel) => pixel / 255),
    shape: [test.count, size, size],
    labels: test.labels,
  };
}

/** The probabilities of the test images, computed with the project's own model from the checkpoint. */
export async function ownProbabilities(directory: string): Promise<number[][]> {
  tf.enableProdMode();
  await tf.setBackend('cpu');
  const run = foundRun(directory);
  const { images, shape } = testImages();
  const tensors = new Map(
    [...readWeights(run)].map(([name, array]) => [name, tf.tensor(array.data, [...array.shape])]),
  );
  const logits = predict(
    run.config as unknown as ModelSpec,
    parametersOf(tensors),
    tf.tensor3d(images, shape),
  );
  return tf.softmax(logits).arraySync() as number[][];
}
