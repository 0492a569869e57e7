/** @file The GPU: opened once per process, with the compiled kernels and a way to launch them. */

import koffi from 'koffi';
import { UserError } from '../../errors.js';
import { readPrebuilt } from '../fused/prebuilt.js';
import { launchArguments } from './arguments.js';
import { type Driver, loadDriver } from './driver.js';
import { noDevice, OLD_DRIVER } from './errors.js';
import type { DeviceLimits, Launch } from './network.js';

/** An open GPU. */
export interface CudaDevice {
  readonly driver: Driver;
  /** The number of GPUs that this process sees, of which this one is the first. */
  readonly visibleGpus: number;
  /** For example NVIDIA H100 80GB HBM3. */
  readonly name: string;
  /** For example 9.0. */
  readonly computeCapability: string;
  /** The version of CUDA that the driver supports, for example 12.4. */
  readonly cuda: string;
  readonly multiprocessors: number;
  readonly memoryBytes: number;
  readonly limits: DeviceLimits;
  /** The file of the kernels and the first digits of its SHA-256. */
  readonly build: string;
  /** Launches a kernel in a stream. Copies the values of its parameters. */
  launch(stream: bigint, launch: Launch, values: readonly Uint8Array[]): void;
}

/** Numbers of CUdevice_attribute. */
const MULTIPROCESSORS = 16;
const CAPABILITY_MAJOR = 75;
const CAPABILITY_MINOR = 76;
const SHARED_BYTES_PER_BLOCK = 97;

/** Number of CUfunction_attribute: the largest dynamic shared memory of a launch. */
const MAX_SHARED_BYTES = 8;

/** Without that attribute, a launch has at most this shared memory. */
const SHARED_BYTES_OF_ANY_KERNEL = 48 * 1024;

let opened: CudaDevice | undefined;

/**
 * Opens the first visible GPU. It stays open until the process ends.
 *
 * @throws {UserError} E_BACKEND if there is no driver or no GPU, or if it cannot run the kernels
 */
export function openDevice(): CudaDevice {
  opened ??= open();
  return opened;
}

function open(): CudaDevice {
  const driver = loadDriver();
  driver.call('cuInit', 0);
  const visibleGpus = driver.integer('cuDeviceGetCount');
  if (visibleGpus === 0) throw noDevice();
  const ordinal = driver.integer('cuDeviceGet', 0);
  const attribute = (number: number): number => driver.integer('cuDeviceGetAttribute', number, ordinal);
  const name = nameOf(driver, ordinal);
  const [major, minor] = [attribute(CAPABILITY_MAJOR), attribute(CAPABILITY_MINOR)];
  const version = driver.integer('cuDriverGetVersion');
  if (10 * major + minor < 75) {
    throw new UserError(
      'E_BACKEND',
      `Expected a GPU of compute capability 7.5 or newer, got ${major}.${minor} (${name}).`,
      { hint: 'Use `--backend native`, which gives the same results.' },
    );
  }
  const kernels = readPrebuilt('cuda.ptx');
  driver.call('cuCtxSetCurrent', driver.result('cuDevicePrimaryCtxRetain', ordinal));
  try {
    const module = loadModule(driver, kernels.bytes);
    return {
      driver,
      visibleGpus,
      name,
      computeCapability: `${major}.${minor}`,
      cuda: `${Math.floor(version / 1000)}.${Math.floor((version % 1000) / 10)}`,
      multiprocessors: attribute(MULTIPROCESSORS),
      memoryBytes: Number(driver.result('cuDeviceTotalMem_v2', ordinal)),
      limits: { sharedBytes: attribute(SHARED_BYTES_PER_BLOCK) },
      build: kernels.build,
      launch: launcher(driver, module),
    };
  } catch (error) {
    driver.status('cuDevicePrimaryCtxRelease_v2', ordinal);
    throw error;
  }
}

function nameOf(driver: Driver, ordinal: number): string {
  const name = Buffer.alloc(256);
  driver.call('cuDeviceGetName', name, name.length, ordinal);
  return name.toString('utf8', 0, Math.max(0, name.indexOf(0)));
}

/** Numbers of CUjit_option. */
const ERROR_LOG = 5;
const ERROR_LOG_BYTES = 6;

/** Has the driver compile the kernels for this GPU. It keeps the result in its cache, usually ~/.nv/ComputeCache. */
function loadModule(driver: Driver, ptx: Uint8Array): bigint {
  const image = Buffer.concat([ptx, Buffer.alloc(1)]); // a C string
  const log = Buffer.alloc(8192);
  const names = Int32Array.of(ERROR_LOG, ERROR_LOG_BYTES);
  const values = BigUint64Array.of(koffi.address(log), BigInt(log.length));
  try {
    return driver.result('cuModuleLoadDataEx', image, names.length, names, values);
  } catch (error) {
    const [line] = log.toString('utf8', 0, Math.max(0, log.indexOf(0))).split('\n');
    if (!(error instanceof UserError) || !line) throw error;
    const message = `${error.message.replace(/\.$/, '')}: ${line.trim()}`;
    throw new UserError(error.code, message, { hint: error.hint ?? OLD_DRIVER, cause: error });
  }
}

function launcher(driver: Driver, module: bigint): CudaDevice['launch'] {
  const functions = new Map<string, { readonly handle: bigint; sharedBytes: number }>();
  const find = (entry: string): { readonly handle: bigint; sharedBytes: number } => {
    const known = functions.get(entry);
    if (known) return known;
    const handle = driver.result('cuModuleGetFunction', module, entry);
    const found = { handle, sharedBytes: SHARED_BYTES_OF_ANY_KERNEL };
    functions.set(entry, found);
    return found;
  };
  return (stream, { entry, blocks, threads, sharedBytes }, values) => {
    const kernel = find(entry);
    if (sharedBytes > kernel.sharedBytes) {
      driver.call('cuFuncSetAttribute', kernel.handle, MAX_SHARED_BYTES, sharedBytes);
      kernel.sharedBytes = sharedBytes;
    }
    driver.call(
      'cuLaunchKernel',
      ...[kernel.handle, blocks, 1, 1, threads, 1, 1, sharedBytes, stream, launchArguments(values), null],
    );
  };
}
