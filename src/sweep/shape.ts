/** @file Decides where a machine computes the runs of a sweep, and how many at a time: in processes, in lanes of its GPUs, or in both. */

import type { ResolvedConfig } from '../config.js';
import { isExact } from '../engines/arithmetic.js';
import type { Choice, Requested } from '../engines/select.js';
import { UserError } from '../errors.js';
import type { PlannedRun } from './plan.js';

/** The number of runs at a time on a GPU, if the user names none. */
export const GPU_LANES = 8;

/** The numbers that the user names; undefined for those that the machine decides. */
export interface Wishes {
  readonly jobs: number | undefined;
  readonly threads: number | undefined;
  readonly gpuLanes: number | undefined;
}

/** What a machine has. */
export interface Machine {
  readonly cores: number;
  /** The arithmetic of the fastest backend on the CPU; null if no arm was planned for a GPU. */
  readonly arithmetic: string | null;
  /** The cuda backend, or the reason why it does not work; null if no arm needs it. */
  readonly gpu: Choice | UserError | null;
  /** Ids for CUDA_VISIBLE_DEVICES; null stands for the only GPU. */
  readonly laneGpus: readonly (string | null)[];
  /** The ids of the GPUs for processes with TensorFlow. */
  readonly tensorflowGpus: readonly string[];
}

/** An arm of a plan, and the backend and device that its config named before they were decided. */
export interface RequestedArm {
  readonly name: string;
  readonly config: ResolvedConfig;
  readonly arithmetic: string;
  readonly requested: Requested;
}

/** Where the runs of an arm may be computed. */
export interface Places {
  readonly processes: boolean;
  readonly lanes: boolean;
}

/** How a machine computes a sweep. */
export interface Shape {
  /** The number of processes at the same time, each with one run, and the threads of each. */
  readonly jobs: number;
  readonly threads: number;
  /** The GPUs of these processes. */
  readonly gpus: readonly string[];
  /** The number of runs at the same time on each of `laneGpus`. */
  readonly lanes: number;
  readonly laneGpus: readonly (string | null)[];
  /** By the names of the arms. */
  readonly places: ReadonlyMap<string, Places>;
}

/**
 * Decides the shape of a sweep on a machine.
 *
 * @param runs the runs to compute
 * @throws {UserError} E_USAGE, E_BACKEND if an arm cannot be computed on the machine as the user wishes
 */
export function shapeOf(
  arms: readonly RequestedArm[],
  runs: readonly PlannedRun[],
  machine: Machine,
  wishes: Wishes,
): Shape {
  const places = new Map(arms.map((arm) => [arm.name, placesOf(arm, machine, wishes)]));
  checkPlaces(arms, places, machine, wishes);
  const count = (isCounted: (where: Places) => boolean): number =>
    runs.filter(({ arm }) => isCounted(places.get(arm) ?? { processes: true, lanes: false })).length;
  const forLanes = count(({ lanes }) => lanes);
  const laneGpus = forLanes > 0 ? machine.laneGpus : [];
  const lanes = Math.min(wishes.gpuLanes ?? GPU_LANES, Math.ceil(forLanes / Math.max(1, laneGpus.length)));
  // A GPU is much faster than a core, so its lanes come first. The process that holds it keeps a core busy.
  const left = runs.length - Math.min(forLanes, lanes * laneGpus.length);
  const threads = wishes.threads ?? Math.max(1, machine.cores - laneGpus.length);
  const most = wishes.jobs ?? (machine.tensorflowGpus.length || threads);
  const jobs = Math.min(
    count(({ processes }) => processes),
    left,
    most,
  );
  const isEmpty = jobs === 0 && forLanes === 0;
  return {
    jobs: isEmpty ? 1 : jobs,
    threads: Math.max(1, Math.floor(threads / Math.max(1, jobs))),
    gpus: machine.tensorflowGpus,
    lanes: laneGpus.length > 0 ? lanes : 0,
    laneGpus,
    places,
  };
}

/** Whether an arm may use a GPU through lanes: its backend and device are automatic, or name the GPU. */
export function mayUseLanes({ config, requested: { backend, device } }: RequestedArm): boolean {
  return isExact(config.backend) && device !== 'cpu' && (backend === 'auto' || backend === 'cuda');
}

function placesOf(arm: RequestedArm, machine: Machine, { jobs, gpuLanes }: Wishes): Places {
  const { gpu, arithmetic } = machine;
  const fits = gpu !== null && !(gpu instanceof UserError) && gpu.arithmetic === arm.arithmetic;
  const lanes = gpuLanes !== 0 && fits && mayUseLanes(arm);
  const { backend, device } = arm.requested;
  const namesGpu = isExact(arm.config.backend) && (backend === 'cuda' || device === 'cuda');
  // A backend that the user names computes all runs, unless the user names a number of processes as well.
  const isExcluded = namesGpu && lanes && jobs === undefined;
  // The config of another device was decided for a GPU. Its runs continue on a CPU of the same arithmetic.
  const isPossible =
    !isExact(arm.config.backend) || arm.config.device === 'cpu' || arithmetic === arm.arithmetic;
  return { processes: jobs !== 0 && isPossible && !isExcluded, lanes };
}

function checkPlaces(
  arms: readonly RequestedArm[],
  places: ReadonlyMap<string, Places>,
  { gpu, arithmetic }: Machine,
  { jobs, gpuLanes }: Wishes,
): void {
  const usesLanes = [...places.values()].some(({ lanes }) => lanes);
  if (gpuLanes !== undefined && gpuLanes > 0 && !usesLanes) {
    if (gpu instanceof UserError) throw gpu;
    throw new UserError(
      'E_USAGE',
      `--gpu-lanes ${gpuLanes} needs an arm that a GPU may compute, found none.`,
      {
        hint: 'Set the backend of an arm to auto or cuda and its device to auto or cuda, or leave `--gpu-lanes` out.',
      },
    );
  }
  for (const arm of arms) {
    const where = places.get(arm.name);
    if (where?.processes || where?.lanes) continue;
    if (jobs === 0 && gpu instanceof UserError && mayUseLanes(arm)) throw gpu;
    if (jobs === 0 && gpuLanes === 0)
      throw new UserError('E_USAGE', '--jobs 0 and --gpu-lanes 0 together leave nothing that computes.', {
        hint: 'Leave one of them out.',
      });
    if (jobs === 0)
      throw new UserError(
        'E_USAGE',
        `--jobs 0 leaves only the GPU, which may not compute the arm ${arm.name}.`,
        {
          hint: 'Use at least `--jobs 1`, or set the backend of the arm to auto or cuda, and `--gpu-lanes` to at least 1.',
        },
      );
    throw new UserError(
      'E_BACKEND',
      `The arm ${arm.name} was planned with the arithmetic ${arm.arithmetic}, but this machine computes with ${arithmetic}.`,
      { hint: 'Train it on another machine, or plan it again under another name.' },
    );
  }
}
