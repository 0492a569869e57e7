/**
 * @file A child process of its own: loads TensorFlow from the folder that its parent sends, and answers with what it
 * found. `wnlstm setup` starts it, so that a library that crashes takes only this process along.
 */

import koffi from 'koffi';
import { driverGpus, type Gpu } from '../gpu.js';
import { loadTensorFlow } from '../library.js';
import { cudaLibraries, cudaVersions } from './cuda-libraries.js';

/** What the parent sends. */
export interface LibraryRequest {
  /** Folder with the two libraries, and for CUDA those of nvidia/. */
  readonly directory: string;
  /** Also look for GPUs. */
  readonly cuda: boolean;
}

/** What it gets back, unless it is `{ error }`. */
export interface LibraryReport {
  /** Of TensorFlow, as the library says. */
  readonly version: string;
  /** GPUs as the driver names them, with their compute capability. */
  readonly gpus: readonly Gpu[];
  /** How many of them TensorFlow can use; it needs all of its CUDA libraries for that. */
  readonly usableGpus: number;
  /** CUDA libraries that did not load, and why. */
  readonly failed: readonly string[];
  /** Of CUDA and cuDNN, of those that load. */
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

/** Starts TensorFlow and counts the GPUs it takes. */
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

/** Why TensorFlow would not find CUDA's libraries, which `loadTensorFlow` has opened if they can be. */
function failedLibraries(directory: string): string[] {
  const libc = koffi.load(null);
  const dlopen = libc.func('void *dlopen(const char *path, int flags)');
  const dlerror = libc.func('const char *dlerror(void)');
  return cudaLibraries(directory).flatMap((path) =>
    dlopen(path, RTLD_LAZY_GLOBAL_NODELETE) === null ? [String(dlerror())] : [],
  );
}
