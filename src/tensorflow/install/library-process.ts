/**
 * @file A child process that loads TensorFlow from the folder that its parent sends, and reports versions and devices.
 * A library that crashes ends only this process.
 */

import koffi from 'koffi';
import { cudaLibraries, cudaVersions } from '../cuda-libraries.js';
import { driverGpus, type Gpu } from '../gpu.js';
import { loadTensorFlow } from '../library.js';

/** The message from the parent. */
export interface LibraryRequest {
  /** Folder with the two libraries and, for CUDA, nvidia/. */
  readonly directory: string;
  /** Also look for GPUs. */
  readonly cuda: boolean;
}

/** The answer to the parent; `{ error }` if loading failed. */
export interface LibraryReport {
  /** The version that TensorFlow reports. */
  readonly version: string;
  /** GPUs that the driver reports. */
  readonly gpus: readonly Gpu[];
  /** Number of GPUs that TensorFlow can use; it needs all CUDA libraries for that. */
  readonly usableGpus: number;
  /** CUDA libraries that do not load, with the reason. */
  readonly failed: readonly string[];
  /** Versions of CUDA and cuDNN, as far as they load. */
  readonly cudaVersions: Readonly<Record<string, string>>;
}

const RTLD_LAZY_GLOBAL_NODELETE = 0x1101;

process.once('message', (request: LibraryRequest) => {
  let answer: LibraryReport | { error: string };
  try {
    answer = examine(request);
  } catch (error) {
    answer = { error: (error as Error).message };
  }
  process.send?.(answer, () => process.disconnect());
});

function examine({ directory, cuda }: LibraryRequest): LibraryReport {
  const tf = loadTensorFlow(directory);
  return {
    version: tf.version(),
    gpus: cuda ? driverGpus() : [],
    usableGpus: cuda ? countUsable(tf) : 0,
    failed: cuda ? failedLibraries(directory) : [],
    cudaVersions: cuda ? cudaVersions(directory) : {},
  };
}

/** Starts TensorFlow and counts the GPUs that it uses. */
function countUsable(tf: ReturnType<typeof loadTensorFlow>): number {
  const status = tf.newStatus();
  const check = <T>(value: T): T => {
    if (tf.statusCode(status) !== 0) throw new Error(tf.statusMessage(status));
    return value;
  };
  const context = check(tf.newContext(tf.newOptions(), status));
  const devices = check(tf.listDevices(context, status));
  return Array.from({ length: tf.deviceCount(devices) }, (_, at) =>
    tf.deviceType(devices, at, status),
  ).filter((type) => type === 'GPU').length;
}

/** The errors of CUDA libraries that do not load. `loadTensorFlow` has opened the others. */
function failedLibraries(directory: string): string[] {
  const libc = koffi.load(null);
  const dlopen = libc.func('void *dlopen(const char *path, int flags)');
  const dlerror = libc.func('const char *dlerror(void)');
  return cudaLibraries(directory).flatMap((path) =>
    dlopen(path, RTLD_LAZY_GLOBAL_NODELETE) === null ? [String(dlerror())] : [],
  );
}
