/** @file Laws of the training loop, tested with an engine that only counts its steps. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { type Config, parseConfig } from '../config.js';
import type { Dataset } from '../data/mnist.js';
import type { Engine } from '../engines/engine.js';
import { NO_METRICS } from '../model/state.js';
import type { Checkpoint } from '../runs/checkpoint.js';
import type { TrainingEvent } from './events.js';
import { addMetrics } from './rows.js';
import { START, train } from './trainer.js';

function split(count: number) {
  return { count, images: new Uint8Array(0), labels: new Uint8Array(0) };
}

const dataset: Dataset = {
  size: 8,
  classes: 4,
  train: split(25),
  validation: split(5),
  test: split(5),
  checksums: {},
};

/** A config with six steps per epoch and a row every four steps. */
function config(change: Partial<Config> = {}): Config {
  return parseConfig({ batch: 4, logEvery: 4, epochs: 2, lr: 0.5, ...change }, 'test');
}

/** An engine whose loss at step s is s, so that every mean is easy to compute. Its state is the number of steps. */
function countingEngine(
  options: { nanFrom?: number; valLoss?: number } = {},
): Engine & { evaluations: number } {
  let steps = 0;
  let sums = NO_METRICS;
  return {
    device: 'counting',
    versions: {},
    evaluations: 0,
    step: (indices) => {
      assert.equal(indices.length, 4);
      steps++;
      const loss = steps >= (options.nanFrom ?? Number.POSITIVE_INFINITY) ? Number.NaN : steps;
      sums = addMetrics(sums, {
        count: 1,
        loss,
        accuracy: 1 / steps,
        gradNorm: 2 * steps,
        gradNormClipped: 1,
        clipFraction: 0.5,
      });
    },
    drainMetrics: () => {
      const drained = sums;
      sums = NO_METRICS;
      return drained;
    },
    evaluate() {
      this.evaluations++;
      return { loss: options.valLoss ?? 1 / steps, accuracy: 0.9 };
    },
    save: () => new Map([['counts', { shape: [7], data: Float64Array.of(steps, ...Object.values(sums)) }]]),
    load: (state) => {
      const counts = state.get('counts')?.data as Float64Array;
      const [
        loaded = 0,
        count = 0,
        loss = 0,
        accuracy = 0,
        gradNorm = 0,
        gradNormClipped = 0,
        clipFraction = 0,
      ] = counts;
      steps = loaded;
      sums = { count, loss, accuracy, gradNorm, gradNormClipped, clipFraction };
    },
    dispose: () => {},
  };
}

/** A clock that advances by `ms` at every call. */
function clock(ms: number) {
  let time = 0;
  return () => {
    time += ms;
    return time;
  };
}

const never = new AbortController().signal;

async function collect(
  engine: Engine,
  options: { config?: Config; from?: Checkpoint; signal?: AbortSignal; now?: () => number } = {},
): Promise<TrainingEvent[]> {
  if (options.from) engine.load(options.from.state);
  const events: TrainingEvent[] = [];
  const from = options.from?.progress ?? START;
  const { signal = never, now } = options;
  for await (const event of train(engine, dataset, options.config ?? config(), from, signal, now))
    events.push(event);
  return events;
}

const TIMES = ['elapsed_seconds', 'epoch_seconds', 'examples_per_second'];

/** The rows of both CSVs without the time columns. */
function rows(events: TrainingEvent[]): object[] {
  return events.flatMap((event) =>
    event.kind === 'step' || event.kind === 'epoch'
      ? [Object.fromEntries(Object.entries(event.row).filter(([column]) => !TIMES.includes(column)))]
      : [],
  );
}

function checkpoints(events: TrainingEvent[]): Checkpoint[] {
  return events.flatMap((event) => (event.kind === 'checkpoint' ? [event.checkpoint] : []));
}

function mean(first: number, last: number): number {
  return (first + last) / 2;
}

test('an engine that answers with promises gives the same rows and checkpoints', async () => {
  const engine = countingEngine();
  const later: Engine = {
    ...engine,
    drainMetrics: async () => engine.drainMetrics(),
    evaluate: async (split) => {
      await yieldToEventLoop();
      return engine.evaluate(split);
    },
  };
  const [expected, found] = [await collect(countingEngine()), await collect(later)];
  assert.deepEqual(rows(found), rows(expected));
  assert.deepEqual(
    checkpoints(found).map(({ state }) => state),
    checkpoints(expected).map(({ state }) => state),
  );
});

test('a row contains the means over the steps since the previous row', async () => {
  const found = (await collect(countingEngine())).flatMap((event) =>
    event.kind === 'step' ? [event.row] : [],
  );
  assert.deepEqual(
    found.map(({ step }) => step),
    [4, 8, 12],
  );
  assert.deepEqual(
    found.map(({ epoch }) => epoch),
    [1, 2, 2],
  );
  assert.deepEqual(
    found.map(({ loss }) => loss),
    [mean(1, 4), mean(5, 8), mean(9, 12)],
  );
  assert.deepEqual(
    found.map((row) => row.grad_norm),
    [2 * mean(1, 4), 2 * mean(5, 8), 2 * mean(9, 12)],
  );
  assert.deepEqual(found[0], { ...found[0], lr: 0.5, grad_norm_clipped: 1, clip_fraction: 0.5 });
});

test('an epoch has floor(examples / batch) steps, even if a row of steps.csv spans two epochs', async () => {
  const found = (await collect(countingEngine())).flatMap((event) =>
    event.kind === 'epoch' ? [event.row] : [],
  );
  assert.deepEqual(
    found.map(({ step }) => step),
    [6, 12],
  );
  assert.deepEqual(
    found.map(({ loss }) => loss),
    [mean(1, 6), mean(7, 12)],
  );
  assert.deepEqual(
    found.map((row) => row.val_loss),
    [1 / 6, 1 / 12],
  );
});

test('`steps` takes precedence over `epochs`, and the last step always ends an epoch', async () => {
  const found = (await collect(countingEngine(), { config: config({ steps: 8 }) })).flatMap((event) =>
    event.kind === 'epoch' ? [event.row] : [],
  );
  assert.deepEqual(
    found.map(({ epoch, step, loss }) => [epoch, step, loss]),
    [
      [1, 6, mean(1, 6)],
      [2, 8, mean(7, 8)],
    ],
  );
});

test('the best epoch is the first one with the highest validation accuracy', async () => {
  const last = checkpoints(await collect(countingEngine())).at(-1);
  assert.deepEqual(last?.progress.best, { epoch: 1, step: 6, valLoss: 1 / 6, valAccuracy: 0.9 });
});

test('a checkpoint at any step changes no later row', async () => {
  const uninterrupted = rows(await collect(countingEngine(), { config: config({ epochs: 3 }) }));
  for (let stop = 1; stop < 18; stop++) {
    const abort = new AbortController();
    const engine = countingEngine();
    const step = engine.step;
    let done = 0;
    engine.step = (...input) => {
      step(...input);
      if (++done === stop) abort.abort();
    };
    const before = await collect(engine, { config: config({ epochs: 3 }), signal: abort.signal });
    assert.deepEqual(before.at(-1)?.kind, 'end');
    const from = checkpoints(before).at(-1);
    assert.equal(from?.progress.step, stop);
    const after = await collect(countingEngine(), { config: config({ epochs: 3 }), from });
    assert.deepEqual([...rows(before), ...rows(after)], uninterrupted, `stopped after step ${stop}`);
  }
});

test('a checkpoint follows every epoch, and also every minute within an epoch', async () => {
  const steps = async (now: () => number) =>
    checkpoints(await collect(countingEngine(), { now })).map(({ progress }) => progress.step);
  assert.deepEqual(await steps(clock(1)), [6, 12]);
  const often = await steps(clock(10_000));
  assert.ok(often.length > 4 && often.includes(6) && often.includes(12), String(often));
});

test('a NaN loss ends the run after its row and a checkpoint', async () => {
  const events = await collect(countingEngine({ nanFrom: 7 }));
  const kinds = events.map(({ kind }) => kind);
  assert.deepEqual(kinds, ['step', 'epoch', 'checkpoint', 'step', 'checkpoint', 'end']);
  const end = events.at(-1);
  assert.ok(end?.kind === 'end' && end.outcome === 'diverged' && end.progress.step === 8);
});

test('a divergence in the last step of an epoch has a row in steps.csv, but none in metrics.csv', async () => {
  const events = await collect(countingEngine({ nanFrom: 6 }));
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['step', 'step', 'checkpoint', 'end'],
  );
});

test('an infinite validation loss ends the run', async () => {
  const events = await collect(countingEngine({ valLoss: Number.POSITIVE_INFINITY }));
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['step', 'epoch', 'checkpoint', 'end'],
  );
});

test('a signal before the first step leads to a checkpoint at step 0', async () => {
  const events = await collect(countingEngine(), { signal: AbortSignal.abort() });
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['checkpoint', 'end'],
  );
});

test('a run that resumes from the checkpoint of a divergence ends without training', async () => {
  const events = await collect(countingEngine({ nanFrom: 7 }));
  const from = checkpoints(events).at(-1);
  const again = await collect(countingEngine(), { from });
  assert.deepEqual(
    again.map(({ kind }) => kind),
    ['end'],
  );
  assert.ok(again[0]!.kind === 'end' && again[0]!.outcome === 'diverged');
});

test('an epoch with a NaN validation loss is never the best', async () => {
  const last = checkpoints(await collect(countingEngine({ valLoss: Number.NaN }))).at(-1);
  assert.equal(last?.progress.best, null);
});
