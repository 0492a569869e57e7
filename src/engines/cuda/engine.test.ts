/** @file Laws of the cuda engine, on the emulated GPU: equal bytes whenever it submits, nothing leaks, errors are reported. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import koffi from 'koffi';
import { UserError } from '../../errors.js';
import type { TrainingState } from '../../model/state.js';
import type { Engine } from '../engine.js';
import { createFusedEngine } from '../fused/engine.js';
import { createWasmKernel } from '../fused/wasm.js';
import { inputOf, type OracleCase, oracleBatch, oracleCases } from '../oracle.testing.js';
import type { CudaDevice } from './device.js';
import { openDevice } from './device.js';
import { buildEmulation, skipEmulation as skip } from './emulation/build.testing.js';
import { createCudaEngine } from './engine.js';

const example = oracleCases().find(({ model }) => model === 'wn') as OracleCase;
const input = inputOf(example, { clip: 0.2 });

/** What the emulated driver counts. */
interface Emulation {
  readonly device: CudaDevice;
  readonly leaks: () => string;
  readonly calls: (name: string) => number;
}

let opened: Emulation | undefined;

async function emulation(): Promise<Emulation> {
  if (opened) return opened;
  const path = await buildEmulation({ checked: false });
  process.env.WNLSTM_LIBCUDA = path;
  const library = koffi.load(path);
  opened = {
    device: openDevice(),
    leaks: library.func('const char *emulated_leaks(void)'),
    calls: library.func('int emulated_calls(const char *name)'),
  };
  return opened;
}

function bytesOf(state: TrainingState): Record<string, string> {
  return Object.fromEntries(
    [...state].map(([name, { data }]) => [
      name,
      Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex'),
    ]),
  );
}

function train(engine: Engine, first: number, count: number): void {
  for (let step = first; step < first + count; step++) engine.step(oracleBatch(example, step), 0.05);
}

test('any number of steps between two readings gives the bytes of the kernel in C', { skip }, async () => {
  const { device } = await emulation();
  const expected = await createFusedEngine(createWasmKernel(), input);
  const engine = await createCudaEngine(device, input);
  let step = 1;
  for (const count of [1, 31, 32, 33, 64, 100, 3, 0]) {
    for (const each of [expected, engine]) train(each, step, count);
    step += count;
    assert.deepEqual(await engine.drainMetrics(), await expected.drainMetrics(), `${count} steps`);
    assert.deepEqual(bytesOf(engine.save()), bytesOf(expected.save()), `${count} steps`);
  }
  const split = example.dataset.validation;
  assert.deepEqual(await engine.evaluate(split), await expected.evaluate(split));
  for (const each of [expected, engine]) each.dispose();
});

test('steps that wait to be submitted are part of a saved state, and loading forgets them', {
  skip,
}, async () => {
  const { device } = await emulation();
  const engine = await createCudaEngine(device, input);
  train(engine, 1, 5);
  const state = engine.save();
  train(engine, 6, 5);
  engine.load(state);
  assert.deepEqual(bytesOf(engine.save()), bytesOf(state));
  assert.equal((await engine.drainMetrics()).count, 5);
  engine.dispose();
});

test('two engines that take turns compute what each computes alone', { skip }, async () => {
  const { device } = await emulation();
  const alone = await createCudaEngine(device, input);
  train(alone, 1, 40);
  const expected = bytesOf(alone.save());
  alone.dispose();
  const [a, b] = [await createCudaEngine(device, input), await createCudaEngine(device, input)];
  for (let step = 1; step <= 40; step++) for (const engine of [a, b]) train(engine, step, 1);
  await Promise.all([a.drainMetrics(), b.drainMetrics()]);
  a.load(new Map([...a.save()])); // a copy from this process, between the work of b
  for (const engine of [a, b]) {
    assert.deepEqual(bytesOf(engine.save()).step, expected.step);
    assert.equal(bytesOf(engine.save())['lstm/w_h'], expected['lstm/w_h']);
    engine.dispose();
  }
});

test('steps are copied and launched together, and engines share one copy of the data', { skip }, async () => {
  const { device, calls, leaks } = await emulation();
  const before = leaks();
  const names = ['cuGraphLaunch', 'cuMemcpyHtoDAsync_v2', 'cuGraphInstantiateWithFlags', 'cuMemAlloc_v2'];
  const counts = (): number[] => names.map((name) => calls(name));
  const first = counts();
  const a = await createCudaEngine(device, input);
  const engines = [a, await createCudaEngine(device, input)];
  const made = counts();
  assert.equal((made[3] ?? 0) - (first[3] ?? 0), 2 + new Set(Object.values(example.dataset)).size - 3); // a block each, and splits
  train(a, 1, 10);
  await a.drainMetrics();
  train(a, 11, 10);
  await a.drainMetrics();
  assert.deepEqual(
    counts().map((count, at) => count - (made[at] ?? 0)),
    [2, 2, 1, 0],
  );
  for (const engine of engines) engine.dispose();
  assert.equal(leaks(), before);
});

test('waiting for the device lets other events happen', { skip }, async () => {
  const { device } = await emulation();
  const engine = await createCudaEngine(device, input);
  train(engine, 1, 20);
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  let immediate = setImmediate(function again() {
    turns++;
    immediate = setImmediate(again);
  });
  await engine.drainMetrics();
  clearInterval(timer);
  clearImmediate(immediate);
  assert.ok(turns > 5, `${turns} turns`);
  engine.dispose();
});

test('whichever call of the driver fails while an engine is made, nothing leaks', { skip }, async () => {
  const { device, leaks, calls } = await emulation();
  const before = leaks();
  const names = [
    ...['cuStreamCreate', 'cuMemAlloc_v2', 'cuMemHostAlloc', 'cuEventCreate', 'cuMemsetD8Async'],
    ...['cuMemcpyHtoD_v2', 'cuStreamSynchronize', 'cuLaunchKernel'],
  ];
  for (const name of names) {
    const started = calls(name);
    const whole = await createCudaEngine(device, input);
    const count = calls(name) - started;
    whole.dispose();
    for (let call = 1; call <= count; call++) {
      process.env.EMULATED_FAIL = `${name}:${call}:719`;
      await assert.rejects(createCudaEngine(device, input), (error) => {
        assert.ok(error instanceof UserError && error.code === 'E_BACKEND', String(error));
        return error.message.includes(`${name} reports`);
      });
      process.env.EMULATED_FAIL = '';
      assert.equal(leaks(), before, `${name}, call ${call}`);
    }
  }
});

test('whichever call of the driver fails in training, it is an error for users, and nothing leaks', {
  skip,
}, async () => {
  const { device, leaks } = await emulation();
  const before = leaks();
  const names = [
    ...['cuStreamBeginCapture_v2', 'cuLaunchKernel', 'cuStreamEndCapture', 'cuGraphInstantiateWithFlags'],
    ...['cuMemcpyHtoDAsync_v2', 'cuEventRecord', 'cuGraphLaunch', 'cuMemcpyDtoHAsync_v2', 'cuMemsetD8Async'],
    ...['cuEventSynchronize', 'cuStreamQuery', 'cuMemcpyDtoH_v2'],
  ];
  for (const name of names) {
    const engine = await createCudaEngine(device, input);
    process.env.EMULATED_FAIL = `${name}:1:719`;
    const training = async (): Promise<void> => {
      train(engine, 1, 3);
      await engine.drainMetrics();
      await engine.evaluate(example.dataset.test);
      engine.save();
    };
    await assert.rejects(
      training(),
      (error) => {
        assert.ok(error instanceof UserError, String(error));
        assert.equal(error.code, 'E_BACKEND');
        assert.match(error.message, /The GPU failed or is not available/);
        assert.match(error.hint ?? '', /run the same command again to resume/);
        return true;
      },
      name,
    );
    process.env.EMULATED_FAIL = '';
    engine.dispose();
    engine.dispose();
    assert.throws(() => engine.step(oracleBatch(example, 1), 0.1), /disposed/);
    assert.throws(() => engine.save(), /disposed/);
    assert.equal(leaks(), before, name);
  }
});

test('a model that does not fit into the memory of the device is refused with both sizes', {
  skip,
}, async () => {
  const { device, leaks } = await emulation();
  const before = leaks();
  process.env.EMULATED_MEMORY = '300000';
  await assert.rejects(createCudaEngine(device, inputOf(example, { units: 64, batch: 512 })), (error) => {
    assert.ok(error instanceof UserError);
    const [, needed, free] =
      /expected [\d.]+ MiB \((\d+) bytes\), got [\d.]+ MiB \((\d+) bytes\)/.exec(error.message) ?? [];
    assert.ok(Number(needed) > 300_000 && Number(free) <= 300_000, error.message);
    assert.match(error.hint ?? '', /reduce --units or --batch, or --gpu-lanes in a sweep/);
    return true;
  });
  delete process.env.EMULATED_MEMORY;
  assert.equal(leaks(), before);
});
