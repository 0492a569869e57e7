/** @file This machine as a place for sweeps: what it has, and an executor that uses it. */

import { usableCores } from '../cores.js';
import { isExact } from '../engines/arithmetic.js';
import { type Choice, chooseBackend, type Requested } from '../engines/select.js';
import { UserError } from '../errors.js';
import { gpuNames } from '../tensorflow/gpu.js';
import { combineExecutors } from './combined.js';
import type { Executor } from './executor.js';
import { createLaneExecutor } from './lanes.js';
import { createLocalExecutor } from './local.js';
import type { PlannedRun } from './plan.js';
import {
  type Machine,
  mayUseLanes,
  type Places,
  type RequestedArm,
  type Shape,
  shapeOf,
  type Wishes,
} from './shape.js';

/** What the exact arithmetic is computed with in processes. */
const CPU = { backend: 'auto', device: 'cpu' } as const;
/** What it is computed with in lanes. */
export const GPU: Requested = { backend: 'cuda', device: 'auto' };

/**
 * Decides how this machine computes a sweep.
 *
 * @throws {UserError} E_USAGE, E_BACKEND if it cannot be computed here as the user wishes
 */
export async function planShape(
  arms: readonly RequestedArm[],
  runs: readonly PlannedRun[],
  wishes: Wishes,
): Promise<Shape> {
  return shapeOf(arms, runs, await examineMachine(arms, wishes), wishes);
}

/** Finds out what this machine has. Starts the driver of a GPU only if an arm may use it. */
async function examineMachine(arms: readonly RequestedArm[], { gpuLanes }: Wishes): Promise<Machine> {
  const gpu = gpuLanes !== 0 && arms.some(mayUseLanes) ? await chooseGpu() : null;
  const isForGpu = arms.some(({ config }) => isExact(config.backend) && config.device === 'cuda');
  const usesTensorFlow = arms.some(({ config }) => !isExact(config.backend) && config.device === 'cuda');
  return {
    cores: usableCores(),
    arithmetic: isForGpu ? (await chooseBackend(CPU)).arithmetic : null,
    gpu,
    laneGpus: gpu === null || gpu instanceof UserError ? [] : await laneGpus(),
    tensorflowGpus: usesTensorFlow ? (visibleGpus() ?? gpuNames().map((_, index) => String(index))) : [],
  };
}

/**
 * Creates the executor of a shape. The slots of the GPU come first.
 *
 * @param onNote receives a sentence if a GPU fails and its runs continue on the CPU
 * @param on what computes the lanes
 */
export function createMachineExecutor(shape: Shape, onNote: (note: string) => void, on = GPU): Executor {
  const { jobs, threads, gpus, lanes, laneGpus, places } = shape;
  const accepts = (place: keyof Places) => (run: PlannedRun) => places.get(run.arm)?.[place] ?? false;
  const mayContinue = accepts('processes');
  return combineExecutors([
    ...laneGpus.map((gpu) => ({
      ...createLaneExecutor(lanes, on, { gpu, mayContinue, onNote }),
      accepts: accepts('lanes'),
    })),
    { ...createLocalExecutor(jobs, threads, gpus), accepts: accepts('processes') },
  ]);
}

/** The cuda backend on this machine, or the reason why it does not work. */
async function chooseGpu(): Promise<Choice | UserError> {
  try {
    return await chooseBackend(GPU);
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}

/** The GPUs that hold lanes; null for the only one. The cuda backend must work. */
async function laneGpus(): Promise<(string | null)[]> {
  const { visibleGpus: length } = (await import('../engines/cuda/device.js')).openDevice();
  if (length < 2) return [null];
  return (visibleGpus() ?? Array.from({ length }, (_, index) => String(index))).slice(0, length);
}

/** The ids in CUDA_VISIBLE_DEVICES; null without it. */
function visibleGpus(): string[] | null {
  const ids = process.env.CUDA_VISIBLE_DEVICES?.split(',').filter(Boolean) ?? [];
  return ids.length > 0 ? ids : null;
}
