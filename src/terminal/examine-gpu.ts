/** @file The part of `wnlstm doctor` about the cuda backend: the driver, the GPU, and whether its results are exact. */

import { openCuda } from '../engines/cuda/check.js';
import type { CudaDevice } from '../engines/cuda/device.js';
import { quickCases } from '../engines/fused/golden.js';
import { driverVersion } from '../tensorflow/gpu.js';
import { examine, type Finding } from './examine-tensorflow.js';

/** Opens the GPU and computes some golden cases on it. */
export function examineGpu(): Promise<Finding> {
  return examine('backend cuda', async () => describe(await openCuda()));
}

function describe({ name, computeCapability, multiprocessors, memoryBytes, cuda }: CudaDevice): string {
  return [
    `${name}, compute capability ${computeCapability}`,
    `${multiprocessors} multiprocessors`,
    `${(memoryBytes / 2 ** 30).toFixed(0)} GiB`,
    `driver ${driverVersion() ?? 'of unknown version'} for CUDA ${cuda}`,
    `${quickCases.length} test cases equal`,
  ].join(', ');
}
