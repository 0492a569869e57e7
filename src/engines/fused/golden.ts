/**
 * @file Golden cases: small trainings whose results are recorded to the last bit. They show whether an engine computes the
 * canonical arithmetic. scripts/fixtures/golden.mjs writes their hashes into golden.json.
 */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dataset, Split } from '../../data/mnist.js';
import { initialParameters, type ModelSpec } from '../../model/spec.js';
import { packageRoot } from '../../package.js';
import { rng } from '../../rng.js';
import type { Engine, EngineInput } from '../engine.js';

/** Makes an engine. */
export type CreateEngine = (input: EngineInput) => Promise<Engine>;

/** One small training. */
export interface GoldenCase {
  /** Model, units, batch, image, clipping, optimiser and threads, for example `wn u33 b5 28x28 norm adam t1`. */
  readonly name: string;
  readonly spec: ModelSpec;
  readonly threads: number;
}

/** Units, batch, image size, threads. */
const SHAPES: readonly (readonly [number, number, number, number])[] = [
  [1, 1, 5, 1],
  [7, 1, 6, 2],
  [13, 5, 6, 3],
  [16, 9, 8, 1],
  [17, 2, 8, 5],
  [20, 64, 6, 16],
  [32, 33, 8, 64],
  [33, 5, 28, 1],
  [48, 36, 8, 2],
  [63, 3, 12, 3],
  [64, 64, 12, 5],
  [65, 7, 28, 16],
  [100, 1, 28, 64],
  [100, 9, 28, 2],
  [100, 64, 28, 1],
  [128, 40, 12, 3],
];
const CLIPS = { none: null, norm: 0.05, 'global-norm': 0.1, value: 0.002 } as const;
const STEPS = 4;
const EXAMPLES = 96;
const EVALUATED = 77;
const CLASSES = 10;

/** 256 trainings: every shape with every model, clip mode and optimiser. */
export const goldenCases: readonly GoldenCase[] = SHAPES.flatMap(([units, batch, size, threads]) =>
  (['base', 'wn'] as const).flatMap((model) =>
    (['none', 'norm', 'global-norm', 'value'] as const).flatMap((clipping) =>
      (['adam', 'sgd'] as const).map((optimizer) => ({
        name: `${model} u${units} b${batch} ${size}x${size} ${clipping} ${optimizer} t${threads}`,
        spec: {
          model,
          units,
          batch,
          timeSteps: size,
          inputs: size,
          classes: CLASSES,
          forgetBias: 1,
          optimizer,
          clip: CLIPS[clipping],
          clipMode: clipping === 'none' ? 'norm' : clipping,
        } satisfies ModelSpec,
        threads,
      })),
    ),
  ),
);

const QUICK = [
  'wn u33 b5 28x28 norm adam t1',
  'base u16 b9 8x8 global-norm sgd t1',
  'wn u7 b1 6x6 value adam t2',
  'base u48 b36 8x8 none adam t2',
];

/** Four cases that run at every start: they take some milliseconds and cover every part of the kernel. */
export const quickCases: readonly GoldenCase[] = goldenCases.filter(({ name }) => QUICK.includes(name));

/**
 * Finds the cases whose results differ from the recorded ones.
 *
 * @param create makes an engine for each case
 * @param maxThreads limits the threads of each case, which do not change results
 * @returns their names; empty if the engines compute this arithmetic
 */
export async function findDifferences(
  create: CreateEngine,
  arithmetic: string,
  cases: readonly GoldenCase[],
  maxThreads?: number,
): Promise<string[]> {
  const recorded = readGolden()[arithmetic] ?? {};
  const differing: string[] = [];
  for (const item of cases) {
    if ((await goldenHash(create, item, maxThreads)) !== recorded[item.name]) differing.push(item.name);
  }
  return differing;
}

/**
 * Computes a case.
 *
 * @returns 16 hex digits of a SHA-256 over weights, moments, metrics and an evaluation
 */
export async function goldenHash(
  create: CreateEngine,
  { name, spec, threads }: GoldenCase,
  maxThreads = Number.POSITIVE_INFINITY,
): Promise<string> {
  const dataset = datasetOf(spec.inputs);
  const parameters = initialParameters(spec, 0, null);
  const input = { spec, dataset, parameters, threads: Math.min(threads, maxThreads) };
  const engine = await create(input);
  try {
    const random = rng('golden', name);
    for (let step = 0; step < STEPS; step++) {
      const indices = Int32Array.from({ length: spec.batch }, () => random.below(EXAMPLES));
      engine.step(indices, spec.optimizer === 'adam' ? 0.01 : 0.5);
    }
    const hash = createHash('sha256');
    for (const [array, { data }] of [...engine.save()].sort(([a], [b]) => (a < b ? -1 : 1))) {
      hash.update(array).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
    const { loss, accuracy } = await engine.evaluate(dataset.validation);
    hash.update(new Uint8Array(Float64Array.of(loss, accuracy).buffer));
    return hash.digest('hex').slice(0, 16);
  } finally {
    engine.dispose();
  }
}

/** Random images in which a quarter of the pixels is not black, similar to MNIST. */
function datasetOf(size: number): Dataset {
  const random = rng('golden', size);
  const images = Uint8Array.from({ length: EXAMPLES * size * size }, () => {
    const bits = random.uint32();
    return bits & 3 ? 0 : bits >>> 24;
  });
  const labels = Uint8Array.from({ length: EXAMPLES }, () => random.below(CLASSES));
  const train: Split = { count: EXAMPLES, images, labels };
  const validation: Split = {
    count: EVALUATED,
    images: images.slice(0, EVALUATED * size * size),
    labels: labels.slice(0, EVALUATED),
  };
  return { size, classes: CLASSES, train, validation, test: validation, checksums: {} };
}

/** The recorded hashes, by arithmetic and name. */
export function readGolden(): Readonly<Record<string, Readonly<Record<string, string>>>> {
  return JSON.parse(readFileSync(join(packageRoot, 'src/engines/fused/golden.json'), 'utf8'));
}
