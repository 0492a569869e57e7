/** @file Times training steps, evaluation and the machine's peak; checks first that backends agree. */

import type { Dataset } from '../data/mnist.js';
import type { Engine } from '../engines/engine.js';
import { openProbe, PHASES } from '../engines/fused/probe.js';
import { createEngine, createKernel } from '../engines/select.js';
import { UserError } from '../errors.js';
import { initialParameters } from '../model/spec.js';
import { ARTICLE, type Case, flopsOf, indicesOf, specOf, syntheticDataset } from './cases.js';
import { measure, type Timing } from './timing.js';

/** A case and what it took. */
export interface Result extends Case {
  readonly ms: Timing;
  /** What it ran on, in the engine's words. */
  readonly engine: string;
  readonly gflops: number;
  /** Of the measured peak of as many threads; null where there is no kernel to measure it with. */
  readonly shareOfPeak: number | null;
  readonly examplesPerSecond: number;
}

/** So small that the weights stay where they are: trained to the end, gradients would become denormal and slow. */
const RATE = 1e-7;

/** Largest relative difference that rounding may make in three steps. */
const TOLERANCE = 1e-5;

/**
 * Checks that backends compute the same before any of them is timed.
 *
 * @returns the largest relative difference of a loss
 * @throws {UserError} E_BACKEND if two do not agree
 */
export async function checkAgreement(cases: readonly Case[]): Promise<number> {
  let largest = 0;
  for (const model of new Set(cases.map((item) => item.model))) {
    const small = { ...ARTICLE, model, batch: 16, units: 24 };
    const expected = await losses({ ...small, backend: 'wasm', device: 'cpu', threads: 2 });
    const engines = new Map(cases.map((item) => [item.backend, item]));
    for (const { backend, device, threads, recurrence } of engines.values()) {
      const found = await losses({ ...small, backend, device, threads, ...(recurrence && { recurrence }) });
      found.forEach((loss, step) => {
        const difference = Math.abs(loss / expected[step] - 1);
        largest = Math.max(largest, difference);
        if (difference <= TOLERANCE) return;
        throw new UserError(
          'E_BACKEND',
          `${model} at step ${step + 1}: expected the loss ${expected[step]} of wasm, ${backend} gave ${loss}.`,
          {
            hint: 'Nothing was timed. This is a bug; please report it with `wnlstm doctor --json`.',
          },
        );
      });
    }
  }
  return largest;
}

/** Losses of three steps at a small learning rate. */
async function losses(item: Case): Promise<number[]> {
  const engine = await open(item);
  const found = [0, 1, 2].map((step) => {
    engine.step(indicesOf(item, step), 0.01);
    return engine.drainMetrics().loss;
  });
  engine.dispose();
  return found;
}

function open(item: Case, dataset: Dataset = syntheticDataset(item)): Promise<Engine> {
  const spec = specOf(item);
  const parameters = initialParameters(spec, 0, null);
  const input = { spec, dataset, parameters, threads: item.threads };
  return createEngine(item.backend, input, item.device, item.recurrence);
}

/** Billions of floating point operations a second that `threads` threads of a backend can do at most. */
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
  const indices = Array.from({ length: 8 }, (_, step) => indicesOf(item, step));
  let step = 0;
  const ms = await measure(() => engine.step(indices[step++ % 8], RATE), {
    repeats,
    finish: () => void engine.drainMetrics(),
    signal,
  });
  engine.dispose();
  const gflops = flopsOf(item) / ms.median / 1e6;
  return {
    ...item,
    ms,
    engine: engine.device,
    gflops,
    shareOfPeak: peak === null ? null : gflops / peak,
    examplesPerSecond: (item.batch / ms.median) * 1000,
  };
}

/** Milliseconds that the evaluation of 10,000 images takes. */
export async function timeEvaluation(item: Case, signal: AbortSignal): Promise<number> {
  const dataset = syntheticDataset(item, 10_000);
  const engine = await open(item, dataset);
  const { median } = await measure(() => void engine.evaluate(dataset.test), { repeats: 5, signal });
  engine.dispose();
  return median;
}

/** Milliseconds of each part of a step. */
export async function profileStep(item: Case, signal: AbortSignal): Promise<{ phase: string; ms: number }[]> {
  if (item.backend !== 'native' && item.backend !== 'wasm') return [];
  const until: number[] = [0];
  for (let phases = 1; phases <= PHASES.length; phases++) {
    const probe = await openProbe(await createKernel(item.backend), specOf(item), item.threads, phases);
    until.push((await measure(() => probe.step(), { signal })).median);
    probe.dispose();
  }
  return PHASES.map((phase, at) => ({ phase, ms: until[at + 1] - until[at] }));
}
