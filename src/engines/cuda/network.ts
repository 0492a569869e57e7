/**
 * @file The memory of a network on a GPU and the launches of a step: the host's side of kernel/network.h and
 * kernel/kernels.cu. Pure functions of the model and of the limits of the device.
 */

import type { ModelSpec } from '../../model/spec.js';
import { CLIP_MODES } from '../fused/kernel.js';

/** Limits of a device that the launches depend on. */
export interface DeviceLimits {
  /** The largest shared memory of a block. */
  readonly sharedBytes: number;
}

/** An array in device memory. */
export interface DeviceArray {
  /** As in struct network; `lstm0` to `lstm3` and `pred0` to `pred3` are values, gradients, and Adam's moments. */
  readonly name: string;
  readonly bytes: number;
}

/** One launch of a kernel, in one dimension. */
export interface Launch {
  readonly entry: string;
  readonly blocks: number;
  readonly threads: number;
  /** Dynamic shared memory of a block, in bytes. */
  readonly sharedBytes: number;
}

/** The rows of a batch that a block computes. Results do not depend on them. */
export interface BlockRows {
  readonly forward: 1 | 2 | 4;
  readonly backward: 1 | 2 | 4 | 8;
}

/** A pass over examples. */
export interface Pass {
  /** Device addresses: `[N, T, I]` bytes, `[N]` bytes, `[count]` int32. */
  readonly images: bigint;
  readonly labels: bigint;
  /** 0: the examples 0 to count - 1. */
  readonly indices: bigint;
  readonly count: number;
  readonly train: boolean;
}

// Constants of the kernels, with the names they have there.
const GROUP = 16;
const PARTIAL = 9;
const KEPT = 80;
const LARGEST_PAIRS = 256;
const TILE_I = 16;
const TILE_N = 32;
const GRADIENT_THREADS = 128;

/** The largest block, and the smallest one that has enough threads to copy weights. */
const MAX_THREADS = 512;
const MIN_THREADS = 256;

function roundUp(n: number, to: number): number {
  return Math.ceil(n / to) * to;
}

/** Rows and row strides of the matrices, in floats. */
function shapeOf(spec: ModelSpec): {
  rows: number;
  parameterRows: number;
  lstmStride: number;
  inputStride: number;
  classesPadded: number;
} {
  const rows = spec.inputs + 1 + spec.units;
  return {
    rows,
    parameterRows: rows + (spec.model === 'wn' ? 2 : 0),
    lstmStride: roundUp(4 * spec.units, GROUP),
    inputStride: roundUp(rows, 4),
    classesPadded: roundUp(spec.classes, GROUP),
  };
}

/**
 * The arrays of struct network, in its order.
 *
 * @param examples the largest number of examples of an evaluation
 */
export function arraysOf(spec: ModelSpec, examples: number): DeviceArray[] {
  const { units: H, classes: C, batch: B, timeSteps: T } = spec;
  const { rows, parameterRows, lstmStride, inputStride, classesPadded } = shapeOf(spec);
  const floats = (name: string, count: number): DeviceArray => ({ name, bytes: 4 * count });
  const buffers = spec.optimizer === 'adam' ? [0, 1, 2, 3] : [0, 1];
  return [
    ...buffers.map((buffer) => floats(`lstm${buffer}`, parameterRows * lstmStride)),
    ...buffers.map((buffer) => floats(`pred${buffer}`, (H + 1) * classesPadded)),
    floats('w', rows * weightStride(H)),
    floats('w_t', 4 * H * transposedStride(spec)),
    floats('inverse_norm', 8 * H),
    floats('input', (T + 1) * B * inputStride),
    floats('gate', T * B * 6 * H),
    floats('dz', T * B * 4 * H),
    floats('dlogits', B * C),
    floats('loss', Math.max(B, examples)),
    floats('correct', Math.max(B, examples)),
    { name: 'partial', bytes: 8 * PARTIAL * (lstmStride / GROUP + 1) },
    { name: 'metrics', bytes: 8 * 6 },
    { name: 'evaluation', bytes: 8 * 2 },
  ];
}

const POINTERS = [
  ...['lstm0', 'lstm1', 'lstm2', 'lstm3', 'pred0', 'pred1', 'pred2', 'pred3', 'w', 'w_t', 'inverse_norm'],
  ...['input', 'gate', 'dz', 'dlogits', 'loss', 'correct', 'partial', 'metrics', 'evaluation'],
] as const;

/**
 * The bytes of struct network.
 *
 * @param addresses of the arrays, by name
 */
export function networkBytes(
  spec: ModelSpec,
  limits: DeviceLimits,
  rows: BlockRows,
  addresses: ReadonlyMap<string, bigint>,
): Uint8Array {
  const bytes = new Uint8Array(48 + 8 * POINTERS.length);
  const view = new DataView(bytes.buffer);
  const numbers = [
    ...[spec.units, spec.inputs, spec.classes, spec.batch, spec.timeSteps],
    ...[spec.model === 'wn' ? 1 : 0, spec.optimizer === 'adam' ? 1 : 0],
    spec.clip === null ? 0 : CLIP_MODES[spec.clipMode],
  ];
  for (const [at, value] of numbers.entries()) view.setInt32(4 * at, value, true);
  view.setFloat32(32, spec.clip ?? 0, true);
  view.setFloat32(36, spec.forgetBias, true);
  view.setInt32(40, sharedUnits(spec, limits, rows.backward), true);
  for (const [at, name] of POINTERS.entries())
    view.setBigUint64(48 + 8 * at, addresses.get(name) ?? 0n, true);
  return bytes;
}

/** The bytes of struct examples. */
export function examplesBytes({ images, labels, indices, count, train }: Pass): Uint8Array {
  const bytes = new Uint8Array(32);
  const view = new DataView(bytes.buffer);
  for (const [at, address] of [images, labels, indices].entries()) view.setBigUint64(8 * at, address, true);
  view.setInt32(24, count, true);
  view.setInt32(28, train ? 1 : 0, true);
  return bytes;
}

/** The launches of a training step, in order. The first has the parameters (network, examples), the last also the step size. */
export function stepLaunches(spec: ModelSpec, limits: DeviceLimits, rows: BlockRows): Launch[] {
  const { rows: weightRows, lstmStride } = shapeOf(spec);
  const { units: H, classes: C, batch: B } = spec;
  const groups = lstmStride / GROUP;
  const tiles = Math.ceil((4 * H) / TILE_N) * Math.ceil(weightRows / TILE_I);
  return [
    forwardLaunch(spec, limits, rows.forward, B),
    {
      entry: `backward_${rows.backward}`,
      blocks: Math.ceil(B / rows.backward),
      threads: Math.min(roundUp(Math.max(H * rows.backward, MIN_THREADS), 32), MAX_THREADS),
      sharedBytes: backwardBytes(spec, rows.backward, sharedUnits(spec, limits, rows.backward)),
    },
    {
      entry: 'weight_gradients',
      blocks: tiles + Math.ceil(((H + 1) * C) / GRADIENT_THREADS),
      threads: GRADIENT_THREADS,
      sharedBytes: 0,
    },
    { entry: 'gradient_sums', blocks: groups + 1, threads: MAX_THREADS, sharedBytes: 0 },
    { entry: 'update', blocks: groups + 1, threads: MAX_THREADS, sharedBytes: 0 },
  ];
}

/** The launches of an evaluation: the first has the parameters (network, examples), the second (network, count). */
export function evaluationLaunches(
  spec: ModelSpec,
  limits: DeviceLimits,
  rows: BlockRows,
  count: number,
): Launch[] {
  return [
    forwardLaunch(spec, limits, rows.forward, count),
    { entry: 'sum_evaluation', blocks: 1, threads: 32, sharedBytes: 0 },
  ];
}

/** Computes the effective weights after the host wrote parameters. */
export function packLaunch(spec: ModelSpec): Launch {
  return {
    entry: 'pack_weights',
    blocks: shapeOf(spec).lstmStride / GROUP,
    threads: MAX_THREADS,
    sharedBytes: 0,
  };
}

function forwardLaunch(
  spec: ModelSpec,
  limits: DeviceLimits,
  rows: BlockRows['forward'],
  count: number,
): Launch {
  const blocks = Math.ceil(count / rows);
  if (2 * spec.units <= LARGEST_PAIRS && forwardBytes(spec, rows, true) <= limits.sharedBytes) {
    const threads = roundUp(2 * spec.units, 32);
    return { entry: `forward_${rows}`, blocks, threads, sharedBytes: forwardBytes(spec, rows, true) };
  }
  return {
    entry: `forward_large_${rows}`,
    blocks,
    threads: MAX_THREADS,
    sharedBytes: forwardBytes(spec, rows, false),
  };
}

/** Bytes of arrays one after the other, each rounded up to 16 bytes. */
function carvedBytes(...counts: number[]): number {
  return counts.reduce((sum, count) => sum + 4 * roundUp(count, 4), 0);
}

/** The shared memory of a block of the forward pass, without or with weights; see `forward` in kernel/forward.h. */
function forwardBytes(spec: ModelSpec, rows: number, withWeights: boolean): number {
  const { units: H, inputs: I, timeSteps: T, classes: C } = spec;
  const kept = Math.min(KEPT, Math.floor(H / 8) * 8);
  return carvedBytes(
    ...[T * roundUp(I, 4) * rows, H * rows, H * rows, 4 * H * rows, C * rows],
    withWeights ? 4 * H * (transposedStride(spec) - kept) : 0,
  );
}

/** The shared memory of a block of the backward pass; see `backward` in kernel/backward.h. */
function backwardBytes({ units: H }: ModelSpec, rows: number, units: number): number {
  return carvedBytes(4 * H * rows, H * rows, H * rows, units * weightStride(H));
}

/** Row stride of the transposed weights; see `w_t` in kernel/network.h. */
function transposedStride({ units, inputs }: ModelSpec): number {
  return 4 * ((Math.ceil(units / 4) + Math.ceil(inputs / 4) + 1) | 1);
}

/** Row stride of the effective weights. */
function weightStride(units: number): number {
  return 4 * units + (units % 2 === 0 ? 4 : 0);
}

/** Units whose rows of w_h fit into the shared memory of a block of the backward pass. */
function sharedUnits(spec: ModelSpec, { sharedBytes }: DeviceLimits, rows: number): number {
  const free = sharedBytes - backwardBytes(spec, rows, 0);
  return Math.max(0, Math.min(spec.units, Math.floor(free / (4 * weightStride(spec.units)))));
}

/** Where a parameter matrix lies: its array and its row stride in floats. */
export function matrixOf(spec: ModelSpec, matrix: 'lstm' | 'pred'): { stride: number } {
  const { lstmStride, classesPadded } = shapeOf(spec);
  return { stride: matrix === 'lstm' ? lstmStride : classesPadded };
}

/** Whether a device has enough shared memory per block for a model. */
export function fits(spec: ModelSpec, { sharedBytes }: DeviceLimits, rows: BlockRows): boolean {
  return (
    forwardBytes(spec, rows.forward, false) <= sharedBytes &&
    backwardBytes(spec, rows.backward, 0) <= sharedBytes
  );
}
