/**
 * @file A child process of its own: loads TensorFlow from the folder that its parent sends, and answers with what it
 * found. `wnlstm setup` starts it, so that a library that crashes takes only this process along.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import koffi, { type LibraryHandle } from 'koffi';
import { loadTensorFlow } from './library.js';

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
  readonly gpus: readonly { readonly name: string; readonly computeCapability: string }[];
  /** How many of them TensorFlow can use; it needs all of its CUDA libraries for that. */
  readonly usableGpus: number;
  /** CUDA libraries that did not load, and why. */
  readonly failed: readonly string[];
}

/** Those that TensorFlow opens by name; the rest serve these. */
const CUDA_LIBRARIES =
  'cudart nvJitLink nvrtc cublasLt cublas cufft curand cusparse cusolver cudnn nccl cupti'.split(' ');

const RTLD_LAZY_GLOBAL_NODELETE = 0x1101;

/** Why TensorFlow would not find a library under nvidia/, which `loadTensorFlow` has opened if it can be. */
const failedLibraries = (directory: string): string[] => {
  const root = join(directory, 'nvidia');
  if (!existsSync(root)) return [];
  const libc = koffi.load(null);
  const dlopen = libc.func('void *dlopen(const char *path, int flags)');
  const dlerror = libc.func('const char *dlerror(void)');
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' });
  return CUDA_LIBRARIES.flatMap((name) =>
    paths
      .filter((path) => new RegExp(`/lib${name}\\.so[.\\d]*$`).test(path))
      .flatMap((path) =>
        dlopen(join(root, path), RTLD_LAZY_GLOBAL_NODELETE) === null ? [String(dlerror())] : [],
      ),
  );
};

/** The GPUs that the driver sees. */
const driverGpus = (): LibraryReport['gpus'] => {
  let driver: LibraryHandle;
  try {
    driver = koffi.load('libcuda.so.1');
  } catch {
    return []; // no NVIDIA driver
  }
  const count = Int32Array.of(0);
  if (driver.func('int cuInit(uint flags)')(0) !== 0) return [];
  driver.func('int cuDeviceGetCount(int *count)')(count);
  const nameOf = driver.func('int cuDeviceGetName(uint8_t *name, int bytes, int device)');
  const attributeOf = driver.func('int cuDeviceGetAttribute(int *value, int attribute, int device)');
  const attribute = (number: number, device: number): number => {
    const value = Int32Array.of(0);
    attributeOf(value, number, device);
    return value[0];
  };
  return Array.from({ length: count[0] }, (_, device) => {
    const name = Buffer.alloc(256);
    nameOf(name, name.length, device);
    return {
      name: name.toString('utf8', 0, name.indexOf(0)),
      computeCapability: `${attribute(75, device)}.${attribute(76, device)}`, // cuda.h: …_COMPUTE_CAPABILITY_MAJOR, _MINOR
    };
  });
};

/** Starts TensorFlow and counts the GPUs it takes. */
const countUsable = (tf: ReturnType<typeof loadTensorFlow>): number => {
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
};

const examine = ({ directory, cuda }: LibraryRequest): LibraryReport => {
  const tf = loadTensorFlow(directory);
  return {
    version: tf.version(),
    gpus: cuda ? driverGpus() : [],
    usableGpus: cuda ? countUsable(tf) : 0,
    failed: cuda ? failedLibraries(directory) : [],
  };
};

process.once('message', (request: LibraryRequest) => {
  let answer: LibraryReport | { error: string };
  try {
    answer = examine(request);
  } catch (error) {
    answer = { error: (error as Error).message };
  }
  process.send?.(answer, () => process.disconnect());
});
