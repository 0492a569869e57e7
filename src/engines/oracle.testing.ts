/** @file The recorded PyTorch values, decoded for tests. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Backend } from '../config.js';
import type { Dataset } from '../data/mnist.js';
import { UserError } from '../errors.js';
import type { ModelSpec, Parameter } from '../model/spec.js';
import { packageRoot } from '../package.js';
import { driverGpus } from '../tensorflow/gpu.js';
import { EXACT_BACKENDS } from './arithmetic.js';
import { buildEmulation, skipEmulation } from './cuda/emulation/build.testing.js';
import type { EngineInput } from './engine.js';
import { chooseBackend } from './select.js';
import type { RecurrenceName } from './tensorflow/probe.js';

interface Encoded {
  readonly shape: readonly number[];
  readonly data: string;
}

/** Ten steps under one optimiser and clip. */
export interface OracleRun {
  readonly optimizer: ModelSpec['optimizer'];
  readonly lr: number;
  readonly clip: number | null;
  readonly clipMode: ModelSpec['clipMode'];
  readonly losses: readonly number[];
  readonly gradNorms: readonly number[];
  readonly clippedNorms: readonly number[];
  readonly clipFractions: readonly number[];
}

/** One model of one shape. */
export interface OracleCase {
  readonly title: string;
  readonly model: ModelSpec['model'];
  readonly dataset: Dataset;
  readonly units: number;
  readonly batch: number;
  readonly forgetBias: number;
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** Loss of the first batch. */
  readonly loss: number;
  readonly gradients: ReadonlyMap<string, Float64Array>;
  readonly runs: readonly OracleRun[];
}

interface Fixture {
  readonly cases: readonly {
    readonly size: number;
    readonly units: number;
    readonly batch: number;
    readonly classes: number;
    readonly forgetBias: number;
    readonly images: string;
    readonly labels: string;
    readonly models: Readonly<
      Record<
        ModelSpec['model'],
        {
          readonly parameters: Readonly<Record<string, Encoded>>;
          readonly loss: number;
          readonly gradients: Readonly<Record<string, Encoded>>;
          readonly runs: readonly OracleRun[];
        }
      >
    >;
  }[];
}

function bytes(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(base64, 'base64'));
}

/** All recorded cases: two shapes, each with base and wn. */
export function oracleCases(): OracleCase[] {
  const path = join(packageRoot, 'src/engines/oracle.fixture.json');
  const fixture = JSON.parse(readFileSync(path, 'utf8')) as Fixture;
  return fixture.cases.flatMap((shape) =>
    (['base', 'wn'] as const).map((model): OracleCase => {
      const { parameters, loss, gradients, runs } = shape.models[model];
      const split = { images: bytes(shape.images), labels: bytes(shape.labels), count: 4 * shape.batch };
      return {
        title: `${model}, ${shape.size} x ${shape.size}, ${shape.units} units`,
        model,
        units: shape.units,
        batch: shape.batch,
        forgetBias: shape.forgetBias,
        dataset: {
          size: shape.size,
          classes: shape.classes,
          train: split,
          validation: split,
          test: split,
          checksums: {},
        },
        parameters: new Map(
          Object.entries(parameters).map(([name, array]) => [
            name,
            { shape: array.shape, data: new Float32Array(bytes(array.data).buffer) },
          ]),
        ),
        loss,
        gradients: new Map(
          Object.entries(gradients).map(([name, { data }]) => [name, new Float64Array(bytes(data).buffer)]),
        ),
        runs,
      };
    }),
  );
}

/** The engine input of a case, with the changes of a test. */
export function inputOf(example: OracleCase, change: Partial<ModelSpec> = {}, threads = 1): EngineInput {
  return {
    spec: {
      model: example.model,
      units: example.units,
      batch: example.batch,
      timeSteps: example.dataset.size,
      inputs: example.dataset.size,
      classes: example.dataset.classes,
      forgetBias: example.forgetBias,
      optimizer: 'adam',
      clip: null,
      clipMode: 'norm',
      ...change,
    },
    dataset: example.dataset,
    parameters: example.parameters,
    threads,
  };
}

/** The examples of step 1, 2, …: cyclic, as in scripts/fixtures/oracle.py. */
export function oracleBatch(example: OracleCase, step: number): Int32Array {
  return Int32Array.from(
    { length: example.batch },
    (_, row) => ((step - 1) * example.batch + row) % example.dataset.train.count,
  );
}

/** The device for tests: `WNLSTM_TEST_DEVICE=cuda`, which scripts/check-tensorflow.mjs sets, tests tensorflow on a GPU. The cuda backend has only one. */
export function testDevice(backend: Backend): 'cpu' | 'cuda' {
  if (backend === 'cuda') return 'cuda';
  return backend === 'tensorflow' && process.env.WNLSTM_TEST_DEVICE === 'cuda' ? 'cuda' : 'cpu';
}

/** The recurrences that the tensorflow backend is tested with; cuDNN needs a GPU. */
export const testRecurrences: readonly RecurrenceName[] =
  testDevice('tensorflow') === 'cuda' ? ['cudnn', 'block'] : ['block'];

/** The engines under test: each backend, and tensorflow with each recurrence. */
export const engineCases: readonly { title: string; backend: Backend; recurrence?: RecurrenceName }[] = [
  ...(['js', ...EXACT_BACKENDS] as const).map((backend) => ({ title: backend, backend })),
  ...testRecurrences.map((recurrence) => ({
    title: `tensorflow (${recurrence})`,
    backend: 'tensorflow' as const,
    recurrence,
  })),
];

/** The value of a test's `skip` option: why a backend cannot be tested here, or false. Without a GPU, cuda is emulated. */
export async function unavailable(backend: Backend): Promise<string | false> {
  if (backend === 'cuda' && !process.env.WNLSTM_LIBCUDA && driverGpus().length === 0) {
    if (skipEmulation) return skipEmulation;
    process.env.WNLSTM_LIBCUDA = await buildEmulation({ checked: false });
  }
  try {
    await chooseBackend({ backend, device: testDevice(backend) });
    return false;
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}
