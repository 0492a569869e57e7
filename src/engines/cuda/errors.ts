/** @file The errors of NVIDIA's driver, as errors for users. */

import { UserError } from '../../errors.js';

/** What to do about a driver that is too old. */
export const OLD_DRIVER =
  'Update the driver: version 470 (CUDA 11.4) or newer is needed, and a GPU of compute capability 7.5 or newer.';

const OTHER_BACKEND = 'or use `--backend native`, which gives the same results';

/** This process has no driver or no visible GPU, as opposed to a GPU that cannot be used. */
export class NoGpuError extends UserError {}

/** Codes of the driver. */
export const OUT_OF_MEMORY = 2;
/** The work of a stream has not finished. */
export const NOT_READY = 600;

/** No device; and the library of the toolkit that stands for the driver when programs are built. */
const NO_GPU: readonly number[] = [34, 100];

/** No code for this GPU, an unknown version of PTX, no compiler for it, a library of another version than the kernel's. */
const TOO_OLD: readonly number[] = [36, 209, 218, 221, 222, 803, 804];

/** An uncorrectable error of memory or of a link, a fault in a kernel, a device that is gone or reset. */
const LOST: readonly number[] = [
  4, 46, 101, 201, 214, 220, 226, 700, 702, 709, 710, 713, 714, 715, 716, 717, 718, 719, 720, 721, 999,
];

/**
 * The error for a code that a function of the driver returned.
 *
 * @param description the name and the text of the code
 */
export function driverError(name: string, code: number, description: string): UserError {
  const reported = `${name} reports ${description}`;
  if (NO_GPU.includes(code)) return noDevice();
  if (code === OUT_OF_MEMORY) {
    return new UserError('E_BACKEND', `The GPU has too little free memory (${reported}).`, {
      hint: `End other programs on the GPU (\`nvidia-smi\` lists them), ${OTHER_BACKEND}.`,
    });
  }
  if (TOO_OLD.includes(code)) {
    return new UserError('E_BACKEND', `NVIDIA's driver cannot run the kernels (${reported}).`, {
      hint: OLD_DRIVER,
    });
  }
  if (LOST.includes(code)) {
    return new UserError('E_BACKEND', `The GPU failed or is not available (${reported}).`, {
      hint: `A run keeps its last checkpoint: run the same command again to resume it, ${OTHER_BACKEND}. \`nvidia-smi\` and the kernel log (\`dmesg\`, lines with Xid) have details.`,
    });
  }
  return new UserError('E_BACKEND', `NVIDIA's driver refused a call (${reported}).`, {
    hint: `Run \`wnlstm doctor\` for details, ${OTHER_BACKEND}.`,
  });
}

/** The error for a machine, or an environment, without a GPU. */
export function noDevice(): NoGpuError {
  const visible = process.env.CUDA_VISIBLE_DEVICES;
  if (visible === undefined) {
    return new NoGpuError('E_BACKEND', "NVIDIA's driver finds no GPU.", {
      hint: `Check the GPU with \`nvidia-smi\`, ${OTHER_BACKEND}.`,
    });
  }
  return new NoGpuError(
    'E_BACKEND',
    `NVIDIA's driver finds no GPU that CUDA_VISIBLE_DEVICES="${visible}" names.`,
    { hint: `Unset CUDA_VISIBLE_DEVICES, or list GPUs of \`nvidia-smi -L\` in it, ${OTHER_BACKEND}.` },
  );
}

/** The error for an allocation on the device that failed. */
export function deviceMemoryError(needed: number, free: number): UserError {
  return new UserError(
    'E_BACKEND',
    `The GPU has too little free memory: expected ${mebibytes(needed)}, got ${mebibytes(free)}.`,
    {
      hint: `End other programs on the GPU (\`nvidia-smi\` lists them), reduce --units or --batch, or --gpu-lanes in a sweep, ${OTHER_BACKEND}.`,
    },
  );
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB (${bytes} bytes)`;
}
