/** @file Times training steps, evaluation and the peak speed of the machine, after checking that the backends agree. */

import type { Dataset } from '../data/mnist.js';
import type { Engine } from '../engines/engine.js';
import { openProbe, PHASES } from '../engines/fused/probe.js';
import { createEngine, createKernel } from '../engines/select.js';
import { UserError } from '../errors.js';
import { initialParameters } from '../model/spec.js';
import { ARTICLE, type Case, flopsOf, indicesOf, specOf, syntheticDataset } from './cases.js';
import { measure, type Timing } from './timing.js';

/** A timed case. */
export interface Result extends Case {
  readonly ms: Timing;
  /** The engine's description of the device. */
  readonly engine: string;
  readonly gflops: number;
  /** The speed relative to the measured peak of the same number of threads; null if no kernel can measure it. */
  readonly fractionOfPeak: number | null;
  readonly examplesPerSecond: number;
}

/** A tiny rate, so that the weights hardly change. After long training, gradients would become denormal numbers, which are slow. */
const LEARNING_RATE = 1e-7;

/** The largest relative difference that rounding may cause in three steps. */
const TOLERANCE = 1e-5;

/**
 * Checks that the backends compute the same losses.
 *
 * @returns the largest relative difference of a loss
 * @throws {UserError} E_BACKEND if two of them do not agree
 */
export async function checkAgreement(cases: readonly Case[]): Promise<number> {
  let largest = 0;
  for (const model of new Set(cases.map((item) => item.model))) {
    const small = { ...ARTICLE, model, batch: 16, units: 24 };
    const expected = await losses({ ...small, backend: 'wasm', device: 'cpu', threads: 2 });
    const engines = new Map(cases.map((item) => [item.backend, item]));
    for (const { backend, device, threads, recurrence } of engines.values()) {
      const found = await losses({ ...small, backend, device, threads, ...(recurrence && { recurrence }) });
      for (const [step, loss] of expected.entries()) {
        const difference = Math.abs((found[step] ?? Number.NaN) / loss - 1);
        largest = Math.max(largest, difference);
        if (difference <= TOLERANCE) continue;
        throw new UserError(
          'E_BACKEND',
          `${model} at step ${step + 1}: wasm computes the loss ${loss}, but ${backend} computes ${found[step]}.`,
          { hint: 'Nothing was timed. Please report this bug with the output of `wnlstm doctor --json`.' },
        );
      }
    }
  }
  return largest;
}

/** The losses of three steps at a small learning rate. */
async function losses(item: Case): Promise<number[]> {
  const engine = await open(item);
  const found: number[] = [];
  for (const step of [0, 1, 2]) {
    engine.step(indicesOf(item, step), 0.01);
    found.push((await engine.drainMetrics()).loss);
  }
  engine.dispose();
  return found;
}

function open(item: Case, dataset: Dataset = syntheticDataset(item)): Promise<Engine> {
  const spec = specOf(item);
  const parameters = initialParameters(spec, 0, null);
  const input = { spec, dataset, parameters, threads: item.threads };
  return createEngine(item.backend, input, item.device, item.recurrence);
}

/** The highest speed of a backend's threads, in billions of floating point operations per second. */
export async function measurePeak(
  backend: Case['backend'],
  threads: number,
  signal: AbortSignal,
): Promise<number | null> {
  if (backend !== 'native' && backend !== 'wasm') return null;
  const rounds = 200_000;
  const probe = await openProbe(
    await createKernel(backend),
    specOf({ ...ARTICLE, backend, device: 'cpu', model: 'wn', threads }),
    threads,
  );
  const operations = probe.peak(1);
  const { min } = await measure(() => probe.peak(rounds), { repeats: 5, repeatMs: 50, signal });
  probe.dispose();
  return (operations * rounds) / min / 1e6;
}

/** Times one case. */
export async function timeCase(
  item: Case,
  peak: number | null,
  repeats: number,
  signal: AbortSignal,
): Promise<Result> {
  const engine = await open(item);
  const batches = Array.from({ length: 8 }, (_, step) => indicesOf(item, step));
  let next = batches.values();
  const nextBatch = (): Int32Array => {
    const { value } = next.next();
    if (value) return value;
    next = batches.values();
    return nextBatch();
  };
  const ms = await measure(() => engine.step(nextBatch(), LEARNING_RATE), {
    repeats,
    finish: () => engine.drainMetrics(),
    signal,
  });
  engine.dispose();
  const gflops = flopsOf(item) / ms.median / 1e6;
  return {
    ...item,
    ms,
    engine: engine.device,
    gflops,
    fractionOfPeak: peak === null ? null : gflops / peak,
    examplesPerSecond: (item.batch / ms.median) * 1000,
  };
}

/** The milliseconds of an evaluation of 10,000 images. */
export async function timeEvaluation(item: Case, signal: AbortSignal): Promise<number> {
  const dataset = syntheticDataset(item, 10_000);
  const engine = await open(item, dataset);
  const { median } = await measure(() => engine.evaluate(dataset.test), { repeats: 5, signal });
  engine.dispose();
  return median;
}

/** The milliseconds of each part of a step. */
export async function profileStep(item: Case, signal: AbortSignal): Promise<{ phase: string; ms: number }[]> {
  if (item.backend !== 'native' && item.backend !== 'wasm') return [];
  const parts: { phase: string; ms: number }[] = [];
  let before = 0;
  for (const [index, phase] of PHASES.entries()) {
    const probe = await openProbe(await createKernel(item.backend), specOf(item), item.threads, index + 1);
    const { median } = await measure(() => probe.step(), { signal });
    probe.dispose();
    parts.push({ phase, ms: median - before });
    before = median;
  }
  return parts;
}
